"""Which column is predicted, which names the columns have, and which words stand for no value."""

import pytest

from continuum.data import load
from continuum.data.loading import table_of
from continuum.data.reading.missing import SPELLINGS, missing_in
from continuum.data.reading.options import Reading
from continuum.data.reading.table import parse_table
from continuum.errors import BadInput

FLOWERS = "5.1,3.5,Iris-setosa\n4.9,3.0,Iris-setosa\n6.1,2.0,Iris-virginica\n5.0,3.1,Iris-setosa\n"
WINE = "acid,sugar,quality\n7.4,1.9,good\n7.8,2.6,bad\n"


def table(text: str, **options):
    return parse_table(text, "my.csv", Reading(**options))


@pytest.mark.parametrize("target", ["-1", "2", "quality", "QUALITY"])
def test_target_by_name_or_index(target: str, write) -> None:
    assert table(WINE, target=target).target == "quality"
    task = load(write(WINE), target=target)
    assert task.class_names == ("bad", "good")
    assert task.feature_names == ("acid", "sugar")


def test_first_column_as_target(write) -> None:
    assert load(write(WINE), target=0, kind="regression").feature_names[0] == "sugar"


def test_a_name_goes_before_an_index() -> None:
    assert table("1,2,0\n3,4,x\n5,7,y\n", target="0", header="first").target == "0"
    assert table("1,2,3\n3,4,x\n5,7,y\n", target="0", header="first").target == "1"


def test_another_target_beside_a_column_of_that_name(write) -> None:
    text = "a,target,quality\n1,5.5,x\n2,6.5,y\n"
    assert load(write(text)).kind == "regression"
    assert load(write(text), target="quality").feature_names == ("a", "target")


MISTAKES = {
    "no target": ({}, "likely quality or acid, by target= (--target quality), or -1 for the last"),
    "near name": ({"target": "qualty"}, "did you mean quality?"),
    "no such name": ({"target": "zzz"}, "got 'zzz', and columns acid, sugar, quality; likely ones are quality or acid"),
    "index": ({"target": "3"}, "expected an index from -3 to 2, got 3"),
    "negative index": ({"target": "-4"}, "expected an index from -3 to 2, got -4"),
}


@pytest.mark.parametrize(("options", "message"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistaken_target(options: dict[str, str], message: str) -> None:
    with pytest.raises(BadInput) as caught:
        table(WINE, **options)
    assert message in str(caught.value)


def test_wide_files_do_not_fill_the_screen() -> None:
    with pytest.raises(BadInput) as caught:
        table(",".join(f"column{i}" + "x" * 1000 for i in range(5000)) + "\n" + ",".join("1" * 5000) + "\n")
    assert len(str(caught.value)) < 800


@pytest.mark.parametrize("text", [FLOWERS, "vhigh,2,low,unacc\nvhigh,2,med,unacc\nhigh,2,low,acc\nvhigh,4,low,acc\n"])
@pytest.mark.parametrize("target", [None, "-1"])
def test_a_first_row_of_data_is_told(text: str, target: str | None) -> None:
    with pytest.raises(BadInput, match="--header none --target -1"):
        table(text, target=target)
    assert len(table(text, target="-1", header="none").lines) == 4
    assert next(iter(table(text, target="-1", header="none").columns)) == "column_1"


def test_numbers_may_be_names() -> None:
    years = "country,2019,2020\nA,1,2\nB,3,4\n"
    with pytest.raises(BadInput, match="header='first' if these are names"):
        table(years, target="-1")
    assert table(years, target="-1", header="first").target == "2020"
    assert table(years.replace("2020", "target")).target == "target"
    assert table(years, target="2020").target == "2020"  # who names it has seen it


def test_words_for_missing() -> None:
    words = [
        "NULL",
        "N/A",
        "None",
        "nan",
        "-",
        "?",
        "",
        "NA",
        "n/a",
        "null",
        "#N/A",
        ".",
        "missing",
        "--",
        "NaN",
        "<NA>",
    ]
    text = "a,target\n" + "".join(f"{word},x\n" for word in [*words, "red", "Na", "Nat", "no"])
    cells = table(text).columns["a"]
    assert cells[: len(words)] == [""] * len(words)
    assert cells[len(words) :] == ["red", "Na", "Nat", "no"]
    assert "15 cells of" in table(text).notes[-1]


def test_words_may_be_kept_in_text_alone() -> None:
    text = "country,size,target\nNA,NA,x\nFR,2,y\n?,3,x\n"
    assert table(text).columns["country"] == ["", "FR", ""]
    kept = table(text, keep_na=True)
    assert kept.columns["country"] == ["NA", "FR", ""]
    assert kept.columns["size"] == ["", "2", "3"]


def test_signs_and_elements() -> None:
    assert missing_in(["+", "-", "NA"]) == {"NA"}
    assert missing_in(["-", "5"]) == {"-"}
    assert not {"Na", "No", "no", "Nan1", "unknown", "0"} & SPELLINGS


def test_a_class_called_none(write) -> None:
    text = "a,target\n1,None\n2,Apnea\n3,None\n"
    with pytest.raises(BadInput, match=r"row 2, column 'target': .* 'None', a word for a missing value; .*--keep-na"):
        load(write(text))
    assert load(write(text), keep_na=True).class_names == ("Apnea", "None")


def test_options_in_the_name_of_a_file(write, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("a;b b;c/d\n1;2;x\nNA;3;y\n")
    monkeypatch.chdir(tmp_path)
    assert table_of("my.csv?target=c%2Fd&separator=semicolon").target == "c/d"
    assert load("my.csv?target=-1").checksum == load("my.csv", target="c/d").checksum
    with pytest.raises(BadInput, match=r"expected separator, header, target, keep_na, .* behind the \?, got 'taget'"):
        load("my.csv?taget=x")
    write(WINE, "my.csv?target=-1")
    assert next(iter(table_of("my.csv?target=-1", Reading(target="0")).columns)) == "acid"  # a file of that very name


def test_options_are_for_files() -> None:
    with pytest.raises(BadInput, match=r"iris: expected no options for files.* got target; .*\./iris"):
        load("iris", target="x")


@pytest.mark.parametrize("target", [True, 1.5, ["a"]])
@pytest.mark.usefixtures("unhooked")
def test_a_target_of_another_type(target: object) -> None:
    with pytest.raises(BadInput, match="target: expected a column's name or index"):
        load("iris", target=target)  # type: ignore[arg-type]
