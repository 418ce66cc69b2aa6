"""The real CSV files, where $CONTINUUM_UCI names a folder that holds them."""

import os
from pathlib import Path

import numpy as np
import pytest

from continuum.data import Task, load, prepare, split
from continuum.data.catalogue import catalogue

FOLDER = os.environ.get("CONTINUUM_UCI", "")
NAMES = [name for name, entry in catalogue().items() if not entry.bundled]

pytestmark = pytest.mark.uci


@pytest.fixture
def real(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Task:
    name = request.param
    if not (FOLDER and (Path(FOLDER) / f"{name}.csv").is_file()):
        pytest.skip(f"no {name}.csv in the folder $CONTINUUM_UCI")
    monkeypatch.setenv("CONTINUUM_UCI", FOLDER)
    return load(name)


@pytest.mark.parametrize("real", NAMES, indirect=True)
def test_loads_splits_and_prepares(real: Task) -> None:
    assert real.kind == catalogue()[real.name].kind
    assert str(real.n) in real.provenance.notes or "Dropped" in real.provenance.notes
    for seed in range(3):
        parts = split(real, seed)
        prepared = prepare(real, parts)
        for part in (prepared.train, prepared.validation, prepared.test):
            assert part.x.shape == (len(part.y), real.d)
            assert np.isfinite(part.x).all()
            assert np.isfinite(part.y).all()
        np.testing.assert_allclose(prepared.train.x.mean(axis=0), 0, atol=1e-9)
        if real.classes:
            assert set(np.unique(prepared.train.y)) == set(range(real.classes))


@pytest.mark.parametrize("real", ["car"], indirect=True)
def test_car_is_all_categories(real: Task) -> None:
    assert real.d == 21
    np.testing.assert_array_equal(real.features.sum(axis=1), 6)
    assert {"doors=2", "doors=5more", "persons=more"} < set(real.feature_names)


@pytest.mark.parametrize("real", ["auto_mpg"], indirect=True)
def test_auto_mpg_has_origins_and_gaps(real: Task) -> None:
    assert np.isnan(real.features).sum() == 6
    assert real.feature_names[-3:] == ("origin=1", "origin=2", "origin=3")


@pytest.mark.parametrize("real", ["ecoli"], indirect=True)
def test_ecoli_leaves_out_two_classes(real: Task) -> None:
    assert (real.n, real.classes) == (332, 6)
