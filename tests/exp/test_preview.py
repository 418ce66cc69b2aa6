"""The preview of a file: what is said, in every width, and what the page holds."""

import re
from pathlib import Path

import pytest

from continuum.exp.cli import main

ROWS = "".join(
    f"{i + 1};{i % 28 + 1:02d}.02.2020;{i},5 €;{'red' if i % 3 else 'blue'};<b>{i}</b>;{'good' if i % 2 else 'bad'}\n"
    for i in range(40)
)
WILD = "id;bought;price;colour;name;quality\n" + ROWS
OPEN = "price,size,target\n" + "".join(f'"{i + 1},250",{i}.5,{i % 2}\n' for i in range(40)).replace(".5", "")


@pytest.fixture
def wild(tmp_path: Path) -> Path:
    path = tmp_path / "wild.csv"
    path.write_text(WILD)
    return path


def shown(capsys, *arguments: str, code: int = 0) -> str:
    assert main(["data", *arguments]) == code
    return capsys.readouterr().out


def test_every_column_and_the_task_are_told(wild, capsys) -> None:
    text = shown(capsys, str(wild), "--target", "quality")
    for fragment in (
        "40 rows, 6 columns",
        "left out, for it counts the rows",
        "dates (day first), read as seconds since 1970",
        "read as numbers: decimal comma, without '€'",
        "2 indicators",
        "the target, 2 classes",
        "task wild: classification, 40 rows, 4 features, 2 classes",
        "- separated by semicolons",
    ):
        assert fragment in text, fragment
    assert max(map(len, text.splitlines())) <= 300


def test_narrow_terminals_lose_nothing(wild, capsys, monkeypatch) -> None:
    from continuum.exp.preview import terminal

    monkeypatch.setattr(terminal, "FILE_WIDTH", 40)
    text = " ".join(shown(capsys, str(wild), "--target", "quality", "--no-page").split())
    for fragment in ("0,5 € · 1,5 € · 2,5 €", "dates (day first), read as seconds since 1970", "2 indicators"):
        assert fragment in text, fragment


def test_page_needs_no_script_and_escapes_what_it_shows(wild, capsys) -> None:
    shown(capsys, str(wild), "--target", "quality")
    page = (wild.parent / "wild.csv.preview.html").read_text()
    assert "<script" not in page
    assert "style=" not in page  # the policy forbids it
    assert re.search(r"content=\"default-src 'none'; img-src data:; style-src 'sha256-[\w+/=]+'\"", page)
    assert "&lt;b&gt;0&lt;/b&gt;" in page
    assert "<b>" not in page
    assert page.count("<li class=") == 6
    assert page.count('class="histogram"') == 3


def test_a_refused_file_is_shown_with_its_error(tmp_path, capsys) -> None:
    path = tmp_path / "open.csv"
    path.write_text(OPEN)
    assert main(["data", str(path)]) == 2
    out, error = capsys.readouterr()
    assert "which is 1250 or 1.25" in " ".join(out.split())
    assert "error: " in error
    assert "the target" in out
    assert 'role="alert"' in (tmp_path / "open.csv.preview.html").read_text()
    assert "price" in shown(capsys, str(path), "--decimal", ",")
    assert "task open" in shown(capsys, str(path), "--drop", "price", "--no-page")
    assert main(["data", str(path), "--drop", "prices"]) == 2
    assert "250" in capsys.readouterr().out


def test_a_file_without_a_target_is_shown(wild, capsys) -> None:
    text = shown(capsys, str(wild), code=2)
    assert "0,5 €" in text
    assert "task wild" not in text


def test_wide_files_show_some_columns(tmp_path, capsys) -> None:
    path = tmp_path / "wide.csv"
    names = [f"x{i}" for i in range(200)]
    path.write_text(
        ",".join([*names, "target"])
        + "\n"
        + "".join(",".join("1.5 2.5 3.5".split()[k] for _ in names) + f",{k % 2}\n" for k in range(3))
    )
    text = shown(capsys, str(path), "--most", "20", "--keep", *names, "--no-page")
    assert "and 181 more columns" in text
    assert "the target" in text


def test_tasks_by_name_and_files_that_are_none(tmp_path, capsys) -> None:
    text = shown(capsys, "iris")
    assert "sepal length (cm)" in text
    assert "task iris: classification, 150 rows, 4 features, 3 classes" in text
    assert main(["data", str(tmp_path / "no.csv")]) == 2
    assert "no such file" in capsys.readouterr().err
    assert main(["data", "iris", "--out", str(tmp_path / "iris.html")]) == 0
    assert (tmp_path / "iris.html").read_text().startswith("<!doctype html>")


def test_loading_tells_what_it_did(wild, capsys) -> None:
    import sys

    from rich.console import Console

    from continuum.data import load
    from continuum.exp.told import file_notes

    with file_notes(Console(file=sys.stdout, width=200)):
        load(wild, target="quality")
        load(wild, target="quality")
    out = capsys.readouterr().out
    assert out.count("'price': read as numbers: decimal comma") == 1
    load(wild, target="quality")
    assert capsys.readouterr().out == ""
