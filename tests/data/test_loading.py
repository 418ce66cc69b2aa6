"""Where a name is looked for, and in which order."""

import sys
from pathlib import Path

import pytest

from continuum.data import load, task_names
from continuum.data.cache import cache_folder, store
from continuum.data.catalogue import catalogue
from continuum.errors import BadInput, StorageError

YACHT = "lcb,target\n" + "".join(f"{i},{i * i}\n" for i in range(9))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "csv"
    path.mkdir()
    monkeypatch.setenv("CONTINUUM_UCI", str(path))
    return path


def test_folder_goes_before_cache(folder: Path) -> None:
    store("yacht", YACHT)
    assert load("yacht").provenance.source == "cache"
    (folder / "yacht.csv").write_text(YACHT)
    task = load("yacht")
    assert task.provenance.source == "csv folder"
    assert task.kind == "regression"  # nine integers, but the catalogue knows better
    assert task.provenance.uci_id == 243
    assert task.provenance.url == "https://archive.ics.uci.edu/dataset/243"


def test_kind_override_goes_before_the_catalogue(folder: Path) -> None:
    (folder / "yacht.csv").write_text(YACHT)
    assert load("yacht", kind="classification").classes == 9


def test_bundled_task_goes_before_the_folder(folder: Path) -> None:
    (folder / "iris.csv").write_text(YACHT)
    assert load("iris").provenance.source == "scikit-learn"
    assert task_names()["iris"].startswith("scikit-learn")


def test_folder_may_hold_tasks_of_the_user(folder: Path) -> None:
    (folder / "mine.csv").write_text(YACHT)
    assert load("mine").kind == "classification"
    assert task_names()["mine"] == "csv folder: mine.csv"


def test_names_say_where_from(folder: Path) -> None:
    (folder / "yacht.csv").write_text(YACHT)
    store("letter", YACHT)
    names = task_names()
    assert names["two_spirals"].startswith("Synthetic")
    assert names["yacht"] == "csv folder: Yacht Hydrodynamics (UCI 243)"
    assert names["letter"] == "cache: Letter Recognition (UCI 59)"
    assert names["car"] == "to be fetched: Car Evaluation (UCI 19)"
    assert set(catalogue()) < set(names)


def test_folder_variable_that_names_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTINUUM_UCI", "no/such/folder")
    assert load("iris").n == 150
    with pytest.raises(BadInput, match="CONTINUUM_UCI: expected a folder of CSV files, got 'no/such/folder'"):
        load("yacht")


def test_missing_extra_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ucimlrepo", None)
    with pytest.raises(BadInput, match=r"pip install continuum-width\[fetch\], or put yacht.csv into the folder"):
        load("yacht")


def test_dropped_classes_columns_and_declared_categories(folder: Path) -> None:
    (folder / "ecoli.csv").write_text("Sequence,mcg,target\nA,1,cp\nB,2,im\nC,3,imL\nD,4,imS\nE,5,imS\n")
    ecoli = load("ecoli")
    assert (ecoli.feature_names, ecoli.class_names) == (("mcg",), ("cp", "im"))
    assert ecoli.provenance.notes.endswith("Dropped 1 row of class imL. Dropped 2 rows of class imS.")
    (folder / "auto_mpg.csv").write_text("weight,origin,target\n1,1,9.5\n2,3,8\n3,2.0,7\n")
    assert load("auto_mpg").feature_names == ("weight", "origin=1", "origin=2", "origin=3")


def test_file_of_a_task_without_its_declared_columns(folder: Path) -> None:
    (folder / "auto_mpg.csv").write_text("weight,target\n1,9\n2,8\n")
    with pytest.raises(BadInput, match="expected the categorical columns origin, got columns weight"):
        load("auto_mpg")
    (folder / "ecoli.csv").write_text("Sequence,target\nA,cp\nB,im\n")
    with pytest.raises(BadInput, match="expected a feature column, got only columns to drop"):
        load("ecoli")


def test_cache_folder_follows_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONTINUUM_CACHE")
    assert cache_folder().name == "uci"
    assert "continuum" in cache_folder().parts


def test_failed_write_leaves_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError, match=r"got No space left on device; free space there, or .*CONTINUUM_CACHE"):
        store("yacht", YACHT)
    assert list(cache.iterdir()) == []


def test_cache_that_is_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CONTINUUM_CACHE", str(tmp_path / "file"))
    with pytest.raises(StorageError, match="expected to write the file"):
        store("yacht", YACHT)


def test_catalogue_is_complete() -> None:
    for entry in catalogue().values():
        assert entry.kind in ("classification", "regression")
        assert entry.uci_id
        assert all((entry.title, entry.licence, entry.citation, entry.notes))
    assert len({entry.uci_id for entry in catalogue().values()}) == len(catalogue()) == 18
