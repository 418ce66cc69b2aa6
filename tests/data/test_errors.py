"""One table of unfit files: what each message must say."""

from pathlib import Path

import numpy as np
import pytest

from continuum.data import Task, load, split
from continuum.errors import BadInput

MANY = "".join(f"{i},{i + 0.5}\n" for i in range(30))

FILES = {
    "empty": ("", "my.csv: expected a header and rows, got an empty file"),
    "blank lines only": ("\n \n", "got an empty file"),
    "header only": ("a,target\n", "my.csv: expected rows under the header, got none"),
    "no target": (
        "a,b\n1,2\n",
        "expected a column named target, got columns a, b; name the column to predict, likely b or a, by target= "
        "(--target b), or -1 for the last",
    ),
    "duplicate headers": ("a,b,a,target\n1,2,3,4\n", "expected each column name once, got a again"),
    "nameless column": (",a,target\n0,1,x\n0,2,y\n", "expected one name per column, got none for column 1"),
    "ragged, short": ("a,b,target\n1,2,x\n3,y\n", "row 3: expected 3 cells as in the header, got 2"),
    "ragged, long": ("a,target\n1,x\n\n3,y,z\n", "row 4: expected 2 cells as in the header, got 3"),
    "open quote": (
        'a,target\n1,x\n"2,y\n',
        "row 3: expected well-formed CSV, separated by commas, got unexpected end of data",
    ),
    "infinite": (
        "a,target\n1,x\n-inf,y\n",
        "row 3, column 'a': expected a finite number, at most 1e+100 in size, got '-inf'",
    ),
    "overflowing": ("a,target\n1e999,x\n2,y\n", "row 2, column 'a'"),
    "infinite target": ("a,target\n1,1.5\n2,inf\n", "row 3, column 'target': expected a finite number"),
    "mixed column": ("a,target\n1,x\n2,y\nred,x\n", "row 4, column 'a': expected a number, as in most rows, got 'red'"),
    "mixed, mostly text": (
        "a,target\nred,x\n7,y\nblue,x\n",
        "row 3, column 'a': expected text, as in most rows, got '7'",
    ),
    "digit separator": (
        "a,target\n1,x\n1_000,y\n",
        "row 3, column 'a': expected a number, as in most rows, got '1_000'",
    ),
    "all features missing": (
        "b,target\n?,x\nNA,y\n",
        "column 'b': expected a feature column, got only columns that are left out, for no cell holds a value",
    ),
    "target missing": (
        "a,target\n1,x\n2,\n",
        "row 3, column 'target': expected a target in every row, got a missing value",
    ),
    "no features": ("target\nx\ny\n", "expected a feature column, got only the target"),
    "single class": ("a,target\n1,x\n2,x\n", "expected at least two classes, got only 'x'"),
    "slip in a real target": (
        "a,target\n" + MANY + "9,1O\n",
        "row 32, column 'target': expected a number, as regression needs, got '1O'",
    ),
    "identifiers": (
        "a,target\n" + "".join(f"id{i},{i % 2}\n" for i in range(1001)),
        "column 'a': expected a feature column, got only columns that are left out, for it is another text in",
    ),
    "damaged UTF-8": (
        b"a,target\n1,\xc3\xa9t\xc3\xa9\n2,\xe9t\xc3\xa9\n",
        "row 3: expected text in UTF-8, as in the other rows, got byte 0xe9 in",
    ),
}

REGRESSION = {
    "text target": ("a,target\n1,2\n2,x\n", "row 3, column 'target': expected a number, as regression needs, got 'x'"),
    "constant target": ("a,target\n1,2\n2,2.0\n", "expected a target that varies, got 2 in every row"),
}


def check_one_line(error: BadInput, fragment: str) -> None:
    message = str(error)
    assert fragment in message
    assert "\n" not in message
    assert error.exit_code == 2
    assert error.expected
    assert error.remedy


@pytest.mark.parametrize(("content", "fragment"), FILES.values(), ids=FILES.keys())
def test_unfit_file(content: str | bytes, fragment: str, write) -> None:
    with pytest.raises(BadInput) as caught:
        load(write(content))
    check_one_line(caught.value, fragment)


@pytest.mark.parametrize(("content", "fragment"), REGRESSION.values(), ids=REGRESSION.keys())
def test_unfit_for_regression(content: str, fragment: str, write) -> None:
    with pytest.raises(BadInput) as caught:
        load(write(content), kind="regression")
    check_one_line(caught.value, fragment)


@pytest.mark.parametrize(
    ("name", "fragment"),
    [
        ("irsi", "did you mean iris"),
        ("lettter", "did you mean letter"),
        ("", "expected one of airfoil"),
        (
            "nowhere/irs.csv",
            "nowhere/irs.csv: expected a file, got no such file; check the path, or did you mean the task iris?",
        ),
        ("qqqqqq.csv", "got no such file; check the path"),
        ("folder/", "expected a file, got no such file"),
    ],
)
def test_unknown_task(name: str, fragment: str) -> None:
    with pytest.raises(BadInput) as caught:
        load(name)
    check_one_line(caught.value, fragment)


def test_folder_instead_of_file(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="expected a regular file, got a folder"):
        load(tmp_path)


@pytest.mark.usefixtures("unhooked")
def test_unknown_kind() -> None:
    with pytest.raises(BadInput, match="did you mean regression"):
        load("iris", kind="regresion")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["iris", "two_spirals"])
def test_task_with_names_for_classes_is_no_regression(name: str) -> None:
    with pytest.raises(BadInput) as caught:
        load(name, kind="regression")
    check_one_line(caught.value, name)


def toy(counts: list[int]) -> Task:
    codes = np.repeat(np.arange(len(counts)), counts)
    return Task(
        "toy", "classification", np.arange(len(codes))[:, None] * 1.0, codes, ("a",), tuple("abcdefgh"[: len(counts)])
    )


SPLITS = {
    "rare class": (
        [20, 2],
        {},
        "toy: expected at least 3 rows of each class, got 2 rows of class 'b'; add rows of that class",
    ),
    "single row": ([20, 1], {}, "got 1 row of class 'b'"),
    "small parts": ([3] * 6, {}, "expected a row of each of 6 classes in each part, got a part of 4 rows"),
    "large test part": (
        [40, 3],
        {"train": 0.2, "validation": 0.1},
        "expected enough rows of each class for these fractions, got 3 rows of class 'b'",
    ),
    "no test part": (
        [9, 9],
        {"train": 0.8, "validation": 0.2},
        "split: expected positive fractions with train + validation < 1",
    ),
    "not a number": ([9, 9], {"train": float("nan")}, "split: expected positive fractions"),
    "negative seed": ([9, 9], {"seed": -1}, "seed: expected an integer >= 0, got -1"),
    "large seed": ([9, 9], {"seed": 2**32}, "seed: expected at most 4294967295"),
}


@pytest.mark.parametrize(("counts", "options", "fragment"), SPLITS.values(), ids=SPLITS.keys())
def test_unfit_split(counts: list[int], options: dict[str, float], fragment: str) -> None:
    with pytest.raises(BadInput) as caught:
        split(toy(counts), **{"seed": 0, **options})  # type: ignore[arg-type]
    check_one_line(caught.value, fragment)


def test_too_few_rows_for_three_parts() -> None:
    task = Task("toy", "regression", np.ones((2, 1)), np.array([0.0, 1.0]), ("a",))
    with pytest.raises(BadInput, match="expected at least one row in each part, got 2 rows"):
        split(task, seed=0)
