"""Files as people have them: each of these spellings must give the same task as the plain one."""

import bz2
import gzip
import io
import lzma
import zipfile

import pandas as pd
import pyarrow as pa
import pytest

from continuum.data import load
from continuum.data.reading.options import Reading
from continuum.data.reading.table import TextTable, read_table
from continuum.errors import BadInput

ROWS = [["1.5", "red", "x"], ["-3", "", "y"], ["0.25", "blue, or so", "x"], ["7", "red", "y"]]
NAMES = ["size", "color", "target"]


def spelled(separator: str = ",", names: list[str] | None = None, ends: str = "\n", quote: str = '"') -> str:
    def cell(text: str) -> str:
        return f"{quote}{text}{quote}" if separator in text or "," in text else text

    header = NAMES if names is None else names
    lines = [header, *ROWS] if header else ROWS
    return "".join(separator.join(map(cell, row)) + ends for row in lines)


PLAIN = spelled()
ACCENTS = PLAIN.replace("red", "réd")


def zipped(text: str, *others: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("data/my.csv", text)
        for name in others:
            archive.writestr(name, "1")
    return file.getvalue()


HEADER, *LINES = (f"|{line}|" for line in spelled("|").splitlines())
MARKDOWN = "\n".join([HEADER, "|---|:---|---|", *LINES])

SAME = {
    "semicolons": (spelled(";"), "separated by semicolons"),
    "tabs": (spelled("\t"), "separated by tabs"),
    "pipes": (spelled("|"), "separated by pipes"),
    "Excel's line": ("sep=;\n" + spelled(";"), "separated by semicolons"),
    "comments above": ("# from, the, lab\n% 2024\n" + PLAIN, "2 lines of comment above the table"),
    "comment as header": ("# size,color,target\n" + spelled(names=[]), "1 line of comment above the table"),
    "comment among rows": (PLAIN.replace("-3", "# checked\n-3") + "#end\n", "2 lines that are comments left out"),
    "title": ("Measurements\n\n" + PLAIN, "1 line above the table left out"),
    "title of a spreadsheet": ("Measurements,,\n,,\n" + PLAIN, "2 lines above the table left out"),
    "trailing commas": (PLAIN.replace("\n", ",\n"), "1 empty column without a name left out"),
    "trailing commas under the header": (PLAIN.replace("x\n", "x,\n").replace("y\n", "y,\n"), ""),
    "trailing comma in the header": (PLAIN.replace("target", "target,,"), ""),
    "rows of commas": (PLAIN + ",,\n,,\n", "2 rows of empty cells left out"),
    "rules of Markdown": (MARKDOWN, "1 line that is a rule left out"),
    "repeated header": (PLAIN.replace("0.25", "size,color,target\n0.25"), "1 row that repeats the header left out"),
    "UTF-16": (PLAIN.encode("utf-16"), "read as UTF-16"),
    "UTF-16 without a mark": (PLAIN.encode("utf-16-be"), "read as UTF-16, which it does not say it is"),
    "UTF-32": (PLAIN.encode("utf-32"), "read as UTF-32"),
    "end of a DOS file": (PLAIN + "\x1a", "1 control character left out"),
    "old Mac": (spelled(";", ends="\r"), "separated by semicolons"),
    "single quotes": (spelled(quote="'").replace("size,color,target", "'size','color','target'"), "single quotes"),
    "spaces after quotes": (
        '"size" , "color" ,"target"\n' + PLAIN.partition("\n")[2].replace('",', '" ,'),
        "spaces after quotes",
    ),
    "gzip": (gzip.compress(PLAIN.encode()), "unpacked by gzip"),
    "bzip2": (bz2.compress(PLAIN.encode()), "unpacked by bzip2"),
    "xz": (lzma.compress(PLAIN.encode()), "unpacked by xz"),
    "zip": (zipped(PLAIN, "__MACOSX/._my.csv"), "unpacked data/my.csv by zip"),
}


@pytest.mark.parametrize(("content", "note"), SAME.values(), ids=SAME.keys())
def test_same_table_in_another_dress(content: str | bytes, note: str, write) -> None:
    path = write(content)
    table, plain = read_table(path), read_table(write(PLAIN, "plain.csv"))
    assert table.columns == plain.columns
    assert list(table.columns) == list(plain.columns)
    assert note in " ".join(table.notes)
    assert load(path).checksum == load(write(PLAIN, "plain.csv")).checksum


def test_falsifier_another_table_is_not_the_same(write) -> None:
    assert read_table(write(spelled(";").replace("-3", "3"))).columns != read_table(write(PLAIN, "plain.csv")).columns


NUMBERED = {
    "pandas": ["", *NAMES],
    "pandas twice": ["Unnamed: 0", *NAMES],
    "R's write.table": NAMES,
}


@pytest.mark.parametrize("names", NUMBERED.values(), ids=NUMBERED.keys())
@pytest.mark.parametrize(
    "labels", [["0", "1", "2", "3"], ["12", "7", "3", "44"], ["Mazda RX4", "Datsun", "Fiat", "Duster"]]
)
def test_row_labels_are_left_out(names: list[str], labels: list[str], write) -> None:
    lines = [",".join(names), *(f"{label},{line}" for label, line in zip(labels, PLAIN.splitlines()[1:], strict=True))]
    table = read_table(write("\n".join(lines)))
    assert table.columns == read_table(write(PLAIN, "plain.csv")).columns
    assert "the first column, row labels without a name, left out" in table.notes


DECIMALS = {
    "header": "a;b;target\n1,5;2,5;x\n3,25;4;y\n",
    "tabs": "a\tb\ttarget\n1,5\t2,5\tx\n3,25\t4\ty\n",
    "quoted": 'a,b,target\n"1,5","2,5",x\n"3,25",4,y\n',
    "spaces": "a b target\n1,5   2,5 x\n3,25 4 y\n",
}


@pytest.mark.parametrize("text", DECIMALS.values(), ids=DECIMALS.keys())
def test_decimal_commas_do_not_separate(text: str, write) -> None:
    assert dict(read_table(write(text)).columns) == {"a": ["1,5", "3,25"], "b": ["2,5", "4"], "target": ["x", "y"]}


def test_decimal_commas_without_header(write) -> None:
    path = write("1,5;2,5;0\n3,5;4,5;1\n")
    assert read_table(path, Reading(header="none", target="-1")).columns["column_2"] == ["2,5", "4,5"]


@pytest.mark.parametrize("row", ["{n},5 kg\tx", "CHF {n},625\ty", "-{n},5 kg;x"])
def test_spaces_within_cells_do_not_separate(row: str, write) -> None:
    header = "weight;target" if ";" in row else "weight\ttarget"
    table = read_table(write("\n".join([header, *(row.format(n=n) for n in range(40))])))
    assert list(table.columns) == ["weight", "target"]
    assert len(table.lines) == 40


def test_files_of_uci_separated_by_spaces(write) -> None:
    cars = (
        '18.0   8   307.0      130.0  70  1\t"chevrolet chevelle malibu"\n15.0   8   350.0   ?   70  1\t"buick 320"\n'
    )
    table = read_table(write(cars, "auto-mpg.data"), Reading(header="none", target="0"))
    assert list(table.columns) == [f"column_{i}" for i in range(1, 8)]
    assert table.columns["column_4"] == ["130.0", ""]
    assert table.columns["column_7"] == ["chevrolet chevelle malibu", "buick 320"]
    seeds = "15.26\t14.84\t0.871\t1\n14.88\t14.57\t\t0.881\t1\n14.2\t14.1\t0.9\t2\n" * 3  # tabs, some of them doubled
    assert read_table(write(seeds, "s.data"), Reading(header="none", target="-1")).columns["column_3"][1] == "0.881"
    yacht = "-2.3 0.568 4.78 0.125 0.11 \n-2.3 0.568 4.78 0.150 0.27 \n \n"
    assert read_table(write(yacht, "y.data"), Reading(header="none", target="-1")).columns["column_5"] == [
        "0.11",
        "0.27",
    ]


@pytest.mark.parametrize("separator", ["semicolon", ";"])
def test_separator_that_is_said(separator: str, write) -> None:
    path = write("a;b,target\n1;2,x\n3;4,y\n")
    assert list(read_table(path).columns) == ["a;b", "target"]
    table = read_table(path, Reading(separator=separator, target="0"))
    assert list(table.columns) == ["a", "b,target"]


def test_separators_without_a_name(write) -> None:
    assert load(write("a~target\n1~x\n2~y\n"), separator="~").n == 2
    with pytest.raises(BadInput, match="separator: expected one of comma, pipe"):
        load("iris", separator="ab")


def test_text_that_is_not_utf8(write) -> None:
    table = read_table(write(ACCENTS.encode("cp1252")))
    assert table.columns == read_table(write(ACCENTS, "plain.csv")).columns
    assert table.notes[0] == "read as cp1252, for it is not UTF-8"
    assert read_table(write(b"a,target\n\x81\xe9,x\n", "odd.csv")).notes[0].startswith("read as latin-1")


def test_quotes_behind_a_backslash(write) -> None:
    path = write('a,b,target\n"say \\"hi, you\\"",1,x\nb,2,y\n')
    assert read_table(path).columns["a"] == ['say "hi, you"', "b"]
    windows = write('a,b,target\n"C:\\dir\\",1,x\nb,2,y\n')
    assert read_table(windows).columns["a"] == ["C:\\dir\\", "b"]


def frames() -> dict[str, object]:
    frame = pd.DataFrame(
        {
            "a": [1.1, None, 3.0],
            "b": ["p", " q ", None],
            "c": pd.Categorical(["1", "2", "1"]),
            "d": pd.array([1, None, 2**60 + 1], dtype="Int64"),
            "y": [True, False, True],
        }
    )
    return {"pandas": frame, "Arrow": pa.Table.from_pandas(frame), "shuffled": frame.set_index(pd.Index([2, 0, 1]))}


class Foreign:
    """A table of another package."""

    columns = ("a",)

    def to_pandas(self) -> object:
        return frames()["pandas"]


EXPECTED = {
    "a": ["1.1", "", "3.0"],
    "b": ["p", "q", ""],
    "c": ["1", "2", "1"],
    "d": ["1", "", str(2**60 + 1)],
    "y": ["True", "False", "True"],
}


@pytest.mark.parametrize("kind", ["pandas", "Arrow", "shuffled", "foreign"])
def test_tables_in_memory(kind: str) -> None:
    from continuum.data.loading import table_of

    table = table_of(Foreign() if kind == "foreign" else frames()[kind], Reading(target="y"))
    assert table.columns == EXPECTED
    assert table.categorical == ("c",)
    task = load(frames()["pandas"].drop(columns="d"), target="y")
    assert task.class_names == ("False", "True")
    assert "c=1" in task.feature_names  # categories stay such


@pytest.mark.parametrize("kind", ["parquet", "feather"])
def test_parquet_and_feather(kind: str, tmp_path) -> None:
    path = tmp_path / f"my.{kind}"
    getattr(frames()["pandas"], f"to_{kind}")(path)
    table = read_table(path, Reading(target="y"))
    assert table.columns == EXPECTED
    assert table.categorical == ("c",)
    with pytest.raises(BadInput, match="expected no header, which text files have, got none"):
        load(path, header="none")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(BadInput, match="expected a whole"):
        load(path)


@pytest.mark.parametrize("start", [0, 3])
def test_workbook(start: int, tmp_path) -> None:
    path = tmp_path / "my.xlsx"
    frames()["pandas"].drop(columns="d").to_excel(path, startrow=start, startcol=start, index=start == 0)
    table = read_table(path, Reading(target="y"))
    assert {n: [float(c) if c and n == "a" else c for c in cells] for n, cells in table.columns.items()} == {
        **{n: cells for n, cells in EXPECTED.items() if n != "d"},
        "a": [1.1, "", 3.0],
    }
    assert table.lines == [start + 2, start + 3, start + 4]


def test_workbook_without_its_package(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    path = tmp_path / "my.xlsx"
    frames()["pandas"].to_excel(path)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(BadInput, match=r"pip install continuum-width\[excel\], or save the sheet as CSV"):
        load(path)


ARFF = """% a comment
@RELATION flowers
@ATTRIBUTE 'sepal length' REAL
@attribute origin {1,2, 'three four'}
@attribute note string
@attribute target {x,y}
@DATA
5.1,1,'it\\'s, ok',x
% another
4.9, 'three four' ,"a, b",y
?,2,?,x
"""


def test_arff(write) -> None:
    table = read_table(write(ARFF, "my.arff"))
    assert table == TextTable(
        table.where,
        {
            "sepal length": ["5.1", "4.9", ""],
            "origin": ["1", "three four", "2"],
            "note": ["it's, ok", "a, b", ""],
            "target": ["x", "y", "x"],
        },
        [8, 10, 11],
        ("read as ARFF", "2 cells of ? taken as missing"),
        "target",
        ("origin", "target"),
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("5.1,1,", "{0 5.1, 1 2}\n5.1,1,", "row 8: expected a value per column, for sparse rows are not read"),
        ("5.1,1,", "5.1,", "row 8: expected 4 cells as in most rows, got 3"),
        ("note string", "note relational", "row 5: expected one of the types numeric, real, integer, string, date"),
        ("@DATA", "DATA", "expected @attribute NAME TYPE or @data, got 'DATA'"),
        ('"a, b"', '"a, b', "row 10: expected values separated by commas, with closed quotes"),
    ],
)
def test_malformed_arff(old: str, new: str, message: str, write) -> None:
    with pytest.raises(BadInput) as caught:
        load(write(ARFF.replace(old, new), "my.arff"))
    assert message in str(caught.value)
