"""The library is found by the versions that it was built for, and is optional."""

import shutil

import pytest
import torch

from continuum.compiled.building import COMPILERS, NotBuilt
from continuum.nn import MLP, native
from continuum.nn.native import library
from continuum.widths import Interval

needs_compiler = pytest.mark.skipif(not any(map(shutil.which, COMPILERS)), reason="needs a C++ compiler")


@pytest.fixture(autouse=True)
def fresh(tmp_path, monkeypatch):
    """An empty cache, and the library as it was afterwards."""
    monkeypatch.setenv("CONTINUUM_CACHE", str(tmp_path))
    monkeypatch.delenv(library.SWITCH, raising=False)
    library.extension.cache_clear()
    yield
    library.extension.cache_clear()


def test_without_it_all_works():
    assert native.extension() is None
    net, x = MLP(3, 2, [Interval(6, 2.5)]), torch.randn(5, 3)
    assert native.outputs(net, x) is None
    assert torch.equal(net(x), net.general(x))


def test_another_version_is_another_file(monkeypatch):
    before = library.path()
    monkeypatch.setattr(torch, "__version__", "0.0")
    assert library.path() != before
    assert library.path().parent == before.parent


def test_a_file_that_cannot_be_loaded_is_named():
    library.path().parent.mkdir()
    library.path().write_bytes(b"no library")
    with pytest.warns(UserWarning, match=rf"{library.path()}: cannot be loaded .*; build it again"):
        assert native.extension() is None
    assert native.extension() is None  # and said once


def test_the_switch(monkeypatch):
    library.path().parent.mkdir()
    library.path().write_bytes(b"no library")
    monkeypatch.setenv(library.SWITCH, "0")
    assert native.extension() is None


@needs_compiler
def test_what_does_not_compile_is_an_error_with_a_remedy(tmp_path, monkeypatch):
    source = tmp_path / "wrong.cpp"
    source.write_text("#error no C++\n")
    monkeypatch.setattr(library, "SOURCES", (str(source),))
    with pytest.raises(NotBuilt, match=r"failed: .*error.*no C\+\+"):
        native.build()
    assert not list((tmp_path / "compiled").iterdir())


def test_no_compiler(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("CXX", "")
    with pytest.raises(NotBuilt, match=r"looked for c\+\+, g\+\+, clang\+\+.; install one"):
        native.build()


@needs_compiler
@pytest.mark.slow
def test_it_is_built_from_its_sources():
    file = native.build()
    assert file == library.path()
    assert native.extension() is not None
    net, x = MLP(3, 2, [Interval(6, 2.5)]), torch.randn(5, 3)
    assert torch.allclose(native.outputs(net, x), net.general(x))
