"""Compiled kernels are used where they are asked for and can be built; elsewhere the pure forms do the work."""

import threading
import warnings

import numpy as np
import pytest
import torch

from continuum.compiled import NotBuilt, compiled, library, wanted
from continuum.compiled import kernels as calls
from continuum.widths import project

SCORES, TOTALS = torch.randn(20, 6, generator=torch.Generator().manual_seed(0)), torch.full((20,), 2.5)


@pytest.fixture
def unbuilt(monkeypatch, tmp_path):
    """A machine on which nothing was built yet."""
    monkeypatch.setenv("CONTINUUM_CACHE", str(tmp_path))
    library.loaded.cache_clear()
    yield tmp_path
    library.loaded.cache_clear()


def test_only_inside_the_block_and_in_its_thread():
    seen = []
    with compiled():
        assert wanted()
        thread = threading.Thread(target=lambda: seen.append(wanted()))
        thread.start()
        thread.join()
    assert not wanted()
    assert seen == [False]


def test_an_error_ends_the_block():
    with pytest.raises(ZeroDivisionError), compiled():
        raise ZeroDivisionError
    assert not wanted()


def asked_for():
    with compiled():
        assert not wanted()
        return project(SCORES, TOTALS)


class TestFallback:
    def same_bits(self, reason):
        with pytest.warns(UserWarning, match=reason):
            grades = asked_for()
        assert torch.equal(grades, project(SCORES, TOTALS))

    def test_without_a_compiler(self, unbuilt, monkeypatch):
        monkeypatch.setenv("PATH", "")
        monkeypatch.delenv("CXX", raising=False)
        self.same_bits("no C\\+\\+ compiler was found")

    def test_with_a_compiler_that_fails(self, unbuilt, monkeypatch):
        monkeypatch.setenv("CONTINUUM_MARCH", "abacus")
        self.same_bits("failed")
        assert not list(unbuilt.rglob("*.so"))

    def test_with_a_cache_that_cannot_be_written(self, unbuilt, monkeypatch):
        (unbuilt / "compiled").write_text("in the way")
        self.same_bits("cannot be kept")

    def test_with_a_library_that_is_broken(self, unbuilt, monkeypatch):
        path = unbuilt / "compiled" / f"kernels-{library._key()}.so"
        path.parent.mkdir()
        path.write_bytes(b"half of it")
        self.same_bits("cannot be loaded")

    def test_it_is_an_error_of_ours(self, unbuilt, monkeypatch):
        monkeypatch.setenv("PATH", "")
        monkeypatch.delenv("CXX", raising=False)
        with pytest.raises(NotBuilt, match="install one"):
            library.loaded()


def test_built_once_and_found_again(unbuilt):
    with warnings.catch_warnings(), compiled():
        project(SCORES, TOTALS)
    (built,) = unbuilt.rglob("*.so")
    before = built.stat().st_mtime_ns
    library.loaded.cache_clear()
    with compiled():
        project(SCORES, TOTALS)
    assert built.stat().st_mtime_ns == before
    assert not [path for path in unbuilt.rglob("*") if path not in (built, built.parent)]


def test_what_is_not_in_rows_is_copied_first():
    scores = np.asfortranarray(SCORES.numpy())
    assert np.array_equal(calls.clip_rows(scores, TOTALS.numpy()), calls.clip_rows(SCORES.numpy(), TOTALS.numpy()))
