"""What a CSV file may look like, and what is read from it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from continuum.data import load
from continuum.data.columns.features import encode_features
from continuum.data.reading.table import parse_table

FIXED = settings(derandomize=True, deadline=None)

PLAIN = "a,b,target\n1,2.5,x\n3,,y\n"

SPELLINGS = {
    "byte order mark": "\ufeff" + PLAIN,
    "Windows line ends": PLAIN.replace("\n", "\r\n"),
    "old Mac line ends": PLAIN.replace("\n", "\r"),
    "no final line end": PLAIN.rstrip(),
    "trailing blank lines": PLAIN + "\n  \n\n",
    "spaces": " a , b,target \n 1 , 2.5, x\n3 , ,y \n",
    "quotes": '"a","b","target"\n"1","2.5","x"\n3,"",y\n',
    "question mark": PLAIN.replace(",,", ",?,"),
    "NA": PLAIN.replace(",,", ",NA,"),
    "NaN": PLAIN.replace(",,", ",NaN,"),
    "target first": "target,a,b\nx,1,2.5\ny,3,\n",
    "other spelling of numbers": PLAIN.replace("2.5", "+25e-1"),
}


@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS.keys())
def test_spellings_give_equal_data(text: str, write) -> None:
    task = load(write(text))
    assert task.checksum == load(write(PLAIN, "plain.csv")).checksum
    assert task.feature_names == ("a", "b")
    np.testing.assert_array_equal(task.features, [[1, 2.5], [3, np.nan]])
    assert (task.name, task.kind, task.class_names, task.provenance.source) == (
        "my",
        "classification",
        ("x", "y"),
        "file",
    )


def test_quoted_cell_may_hold_commas_and_line_ends(write) -> None:
    path = write('a,color,target\n1,"red, or\nso",x\n2,blue,y\nred,blue,y\n')
    with pytest.raises(ValueError, match="row 5, column 'a'"):
        load(path)


@pytest.mark.parametrize("spelled", ["my.csv", "./my.csv", "sub/../my.csv"])
def test_path_is_told_from_name(spelled: str, write, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("", "sub/other.csv")
    write(PLAIN)
    monkeypatch.chdir(tmp_path)
    assert load(spelled).n == 2


KINDS = {
    "text": (["x", "y"], "classification", ("x", "y")),
    "integers": (["10", "9"], "classification", ("9", "10")),
    "integer-like floats": (["2.0", "1.0", "2", "1"], "classification", ("1", "2")),
    "twenty integers": ([str(i) for i in range(20)], "classification", tuple(str(i) for i in range(20))),
    "twenty-one integers": ([str(i) for i in range(21)], "regression", ()),
    "reals": (["0.5", "1"], "regression", ()),
    "numbers and text": (["1", "2more"], "classification", ("1", "2more")),
}


@pytest.mark.parametrize(("target", "kind", "classes"), KINDS.values(), ids=KINDS.keys())
def test_kind_is_inferred(target: list[str], kind: str, classes: tuple[str, ...], write) -> None:
    task = load(write("a,target\n" + "".join(f"{i},{t}\n" for i, t in enumerate(target))))
    assert (task.kind, task.class_names) == (kind, classes)
    assert task.target.dtype == (np.int64 if kind == "classification" else np.float64)


def test_kind_override_wins(write) -> None:
    path = write("a,target\n1,3\n2,5\n")
    np.testing.assert_array_equal(load(path, kind="regression").target, [3.0, 5.0])
    real = load(write("a,target\n1,0.5\n2,1.5\n"), kind="classification")
    assert real.class_names == ("0.5", "1.5")


def test_large_identifiers_stay_apart(write) -> None:
    task = load(write("a,target\n1,90071992547409921\n2,90071992547409922\n"), kind="classification")
    assert task.classes == 2


def test_missing_category_is_missing_in_each_indicator(write) -> None:
    task = load(write("color,target\nred,x\n?,y\nblue,x\n"))
    assert task.feature_names == ("color=blue", "color=red")
    np.testing.assert_array_equal(task.features, [[0, 1], [np.nan, np.nan], [1, 0]])


@FIXED
@given(st.lists(st.sampled_from(["red", "blue", "", "green"]), min_size=1).filter(any))
def test_indicators_sum_to_one_where_present(colors: list[str]) -> None:
    text = "color,target\n" + "".join(f'"{color}",x\n' for color in colors)
    matrix, names = encode_features(parse_table(text, "toy.csv"))
    present = np.array([bool(color) for color in colors])
    assert names == tuple(f"color={level}" for level in sorted(set(colors) - {""}))
    np.testing.assert_array_equal(matrix[present].sum(axis=1), 1.0)
    assert np.isnan(matrix[~present]).all()


@FIXED
@given(st.lists(st.floats(-1e99, 1e99), min_size=2, unique=True))
def test_numbers_are_read_exactly(values: list[float]) -> None:
    text = "a,target\n" + "".join(f"{value!r},x\n" for value in values)
    matrix, _ = encode_features(parse_table(text, "toy.csv"))
    np.testing.assert_array_equal(matrix[:, 0], values)
