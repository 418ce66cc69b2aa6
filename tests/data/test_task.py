import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from continuum.data import Provenance, Task, load, unchanged
from continuum.errors import BadInput

TOY = Task("toy", "classification", np.array([[0.0, np.nan], [1.0, 2.0]]), np.array([0, 1]), ("a", "b"), ("n", "y"))
ROWS = "x,target\n" + "".join(f"{i},{i * i / 7}\n" for i in range(9))


def test_arrays_are_copied_and_read_only() -> None:
    features = np.eye(2)
    task = Task("toy", "regression", features, np.array([0.0, 1.0]), ("a", "b"))
    features[0, 0] = 7.0
    assert task.features[0, 0] == 1.0
    for array in (task.features, task.target):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_pickle_keeps_contents_and_read_only_flag() -> None:
    task = pickle.loads(pickle.dumps(TOY))
    assert task.checksum == TOY.checksum
    assert not task.features.flags.writeable
    assert not task.target.flags.writeable


CHANGES = {
    "kind": {"kind": "regression", "class_names": ()},
    "value": {"features": np.array([[0.0, np.nan], [1.0, 2.0 + 1e-15]])},
    "missing value": {"features": np.array([[0.0, 0.0], [1.0, 2.0]])},
    "target": {"target": np.array([1, 0])},
    "feature name": {"feature_names": ("a", "c")},
    "class name": {"class_names": ("n", "z")},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_checksum_sees(change: dict[str, object]) -> None:
    assert replace(TOY, **change).checksum != TOY.checksum  # type: ignore[arg-type]


def test_checksum_ignores_name_provenance_layout_and_bit_patterns() -> None:
    features = np.asfortranarray([[-0.0, -np.nan], [1.0, 2.0]])
    same = replace(TOY, name="copy", provenance=Provenance("file"), features=features)
    assert same.checksum == TOY.checksum


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target": np.array([0])}, r"expected features of shape \(1, 2\)"),
        ({"feature_names": ("a",)}, r"expected features of shape \(2, 1\)"),
        ({"class_names": ("only",)}, "expected class codes from 0 to 0, got codes up to 1"),
    ],
)
def test_inconsistent_task(change: dict[str, object], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        replace(TOY, **change)  # type: ignore[arg-type]


@pytest.mark.usefixtures("unhooked")
def test_unknown_kind() -> None:
    with pytest.raises(BadInput, match="expected one of classification, regression, got 'ranking'"):
        replace(TOY, kind="ranking")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "shape", "classes"),
    [
        ("iris", (150, 4), 3),
        ("wine", (178, 13), 3),
        ("breast_cancer", (569, 30), 2),
        ("digits", (1797, 64), 10),
        ("two_spirals", (800, 2), 2),
    ],
)
def test_embedded_tasks(name: str, shape: tuple[int, int], classes: int) -> None:
    task = load(name)
    assert (task.n, task.d) == shape
    assert task.classes == classes
    assert set(np.unique(task.target)) == set(range(classes))
    assert load(name).checksum == task.checksum


def test_bundled_codes_are_those_of_scikit_learn() -> None:
    assert load("breast_cancer").class_names == ("malignant", "benign")


def test_digits_may_be_a_regression() -> None:
    task = load("digits", kind="regression")
    np.testing.assert_array_equal(task.target, load("digits").target)
    assert task.target.dtype == np.float64


def test_spirals_say_that_they_are_synthetic() -> None:
    provenance = load("two_spirals").provenance
    assert provenance.source == "synthetic"
    assert "Synthetic, not measured" in provenance.notes


def test_spirals_are_mirror_images_up_to_noise() -> None:
    task = load("two_spirals")
    first, second = task.features[task.target == 0], task.features[task.target == 1]
    # The sum of two noises of 0.02: 6 standard deviations bound 800 draws with room to spare.
    assert np.abs(first + second).max() < 6 * 0.02 * np.sqrt(2)


def test_a_task_whose_file_was_edited_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "line.csv"
    path.write_text(ROWS)
    original = load(path)
    for noted in ({"line": original.checksum}, {str(path): original.checksum}):
        assert unchanged(again := load(path), noted) is again
    path.write_text(ROWS.replace("3,", "3.5,"))
    with pytest.raises(BadInput, match="line: expected the data of the start, got changed data; run again"):
        unchanged(load(path), {"line": original.checksum})
