"""What a user reads: messages that fit a screen and steer no terminal, help without markup, lists."""

import io
import os
import pickle
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from continuum import checks
from continuum.errors import BadInput, ContinuumError, Diverged, StorageError
from continuum.exp import cli, main, registry
from continuum.exp.flags import _message, documents, prose
from continuum.exp.printing import say
from continuum.legible import MOST, enumeration, legible

HOSTILE = (
    "\x1b[31m" * 5000,
    "\u202egnp.exe",
    "\ud800",
    "line\nline\r\n",
    "\x9b2J",
    "a" * 10**6,
    "\x00",
    "é" * 9000,
    "",
)


def fits(text):
    return len(text) <= MOST + 40 and text.isprintable()


@pytest.mark.parametrize("odd", HOSTILE, ids=range(len(HOSTILE)))
def test_every_part_of_an_error_may_be_odd(odd):
    for parts in [(odd, "x", "y", "do this"), ("name", odd, odd, "do this"), ("name", "x", odd, odd), (odd,) * 4]:
        error = BadInput(parts[0], expected=parts[1], came=parts[2], remedy=parts[3])
        assert fits(str(error))
        assert "expected" in str(error)
        assert str(pickle.loads(pickle.dumps(error))) == str(error)
    error = BadInput("colour of the sky", expected="blue", came=odd, remedy="look up")
    assert str(error).startswith("colour of the sky: expected blue, got ")
    assert str(error).endswith("; look up")
    for kind in (ContinuumError, Diverged, StorageError):
        assert fits(str(kind(odd)))
        assert str(pickle.loads(pickle.dumps(kind(odd)))) == str(kind(odd))


def test_a_usual_error_is_as_it_was():
    error = BadInput("gamma", expected="a number in [0, 16]", came=[1, 2], remedy="give a width of at least 0")
    assert str(error) == "gamma: expected a number in [0, 16], got [1, 2]; give a width of at least 0"
    assert error.came == [1, 2]


def test_numbers_that_python_does_not_print():
    with pytest.raises(BadInput) as caught:
        checks.whole("seeds", -(10**5000), at_least=1)
    assert fits(str(caught.value))


@pytest.mark.parametrize("value", ["x" * 10**6, "\x1b", 10**5000, None, ["a"] * 10**5], ids=range(5))
def test_many_names_are_counted_and_the_nearest_come_first(value):
    names = [f"name_{n}" for n in range(500)]
    with pytest.raises(BadInput) as caught:
        checks.one_of("task", value, names)
    assert fits(str(caught.value))
    assert "and 476 more" in str(caught.value)
    with pytest.raises(BadInput, match="one of name_37"):
        checks.one_of("task", "nam_37", names)


def test_a_list_says_how_much_is_missing():
    assert enumeration(map(str, range(49)), most=12).endswith("10, 11 and 37 more")
    assert legible(list(range(49))).endswith("and 37 more]")
    assert legible("short") == "short"
    assert legible(legible("a\nb" * 10**5)) == legible("a\nb" * 10**5)


# ------------------------------------------------------------------------------------------- the command line


def refused(flags, capsys, code=2):
    assert main(flags) == code
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert fits(said[:-1])
    return said


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["gamma_sweep", "--unit", "3"], ("got '--unit'", "did you mean --units?", "gamma_sweep --help")),
        (["gamma_sweep", "--seeds", "1e30"], ("--seeds: expected a whole number, got '1e30'",)),
        (["gamma_sweep", "--lr", "fast"], ("--lr: expected a number, got 'fast'",)),
        (["gamma_sweep", "--law", "fuzy"], ("--law: expected one of", "'fuzzy'", "got 'fuzy'")),
        (["gamma_sweep", "--seeds"], ("--seeds: expected a value, got none",)),
        (["gamma_sweep", "extra"], ("nothing takes extra",)),
        (["gamma_sweep", "--" + "x" * 5000], ("got '--xxx",)),
        (["gamma_sweep", "--tasks", "x" * 10**6], ("--tasks: expected at most", "of 1000000 characters")),
        (["gamma_sweep", "--tasks", *["iris"] * 30_000], ("flags: expected at most", "30001")),
        (["gamma_sweep", "--seeds", "\x1b[2J"], (r"\x1b[2J",)),
        (["report"], ("PATH: expected it, got nothing",)),
        (["reprot"], ("did you mean report?",)),
        (["\x1b]0;title\x07"], (r"\x1b]0;title\x07",)),
        (["report", "a" * 5000], ("which does not exist",)),
        (["tasks", "--like", "digti"], ("did you mean digits?",)),
    ],
    ids=range(15),
)
def test_wrong_flags_are_said_in_one_line(flags, words, capsys):
    said = refused(flags, capsys)
    for word in words:
        assert word in said


def test_frames_of_a_terminal_without_lines_are_read_too():
    drawn = (
        " Required options \n ---------- \n  Missing from x: \n   INT \n  p (required) \n  ------\n  For full --help\n"
    )
    assert _message(drawn) == "INT: expected it, got nothing"
    assert _message("╭─ Bad ─╮\n│ invalid │\n│ value │\n│ ───── │\n│ help │\n╰──╯\n") == "invalid value"
    assert _message("") == "the flags cannot be understood"


def test_a_path_that_no_system_takes_is_storage(tmp_path, capsys, monkeypatch):
    def fail(_name):
        raise OSError(36, "File name too long", "d" * 5000)

    monkeypatch.setattr(registry, "load", fail)
    assert "File name too long" in refused(["gamma_sweep"], capsys, code=4)


def test_a_fault_of_ours_says_so_and_how_to_see_more(capsys, monkeypatch):
    def fail(_name):
        raise KeyError("lost\x1b" * 1000)

    monkeypatch.setattr(registry, "load", fail)
    monkeypatch.delenv(cli.TRACEBACK, raising=False)
    said = refused(["gamma_sweep"], capsys, code=cli.FAULT)
    for word in ("a fault of continuum itself", "KeyError", "test_words.py:", "CONTINUUM_TRACEBACK=1"):
        assert word in said
    monkeypatch.setenv(cli.TRACEBACK, "1")
    assert main(["gamma_sweep"]) == cli.FAULT
    assert "Traceback" in capsys.readouterr().err


def test_too_little_memory_is_no_fault(capsys, monkeypatch):
    def fail(_name):
        raise MemoryError

    monkeypatch.setattr(registry, "load", fail)
    assert "fewer rows" in refused(["gamma_sweep"], capsys, code=1)


def test_a_terminal_that_lacks_letters_gets_escapes():
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "COLUMNS": "80"}
    command = [sys.executable, "-m", "continuum.exp", "γ"]
    answer = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert answer.returncode == 2
    assert rb"'\u03b3'" in answer.stderr


# ----------------------------------------------------------------------------------------------- help and lists


@pytest.mark.parametrize("name", [*registry.modules(), *cli.COMMANDS])
def test_help_is_prose(name, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "300")
    assert main([name, "--help"]) == 0
    said = capsys.readouterr().out
    for markup in (
        ":math:",
        ":class:",
        ":func:",
        "``",
        "(default: )",
        "(default: None)",
        "(default: '')",
        "--preset STR",
    ):
        assert markup not in said
    assert "usage: python -m continuum.exp" in said


def test_markup_in_a_docstring_is_left_out(capsys):
    @dataclass
    class Options:
        """What is asked."""

        gamma: float = 1.0
        """Width :math:`\\gamma` of an
        :class:`~continuum.Interval`, as ``--gamma`` has it."""

    assert prose(documents(Options)["gamma"]) == "Width gamma of an continuum.Interval, as --gamma has it."
    assert ":math:" in documents(Options)["gamma"]


def test_documents_of_a_base_are_inherited():
    texts = documents(registry.load("gamma_sweep").module.Config)
    assert texts["jobs"].startswith("Number of worker processes")
    assert texts["units"].startswith("Hidden units")


def test_a_list_in_a_file_has_one_line_per_name(capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:] if line.strip()] == [*registry.modules(), *cli.COMMANDS]


def test_tasks_are_listed_without_a_network(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setenv("CONTINUUM_UCI", str(tmp_path))
    monkeypatch.setenv("CONTINUUM_CACHE", str(tmp_path / "none"))
    (tmp_path / "toy.csv").write_text("a,b,target\n1,2,x\n2,1,y\n3,4,x\n")
    (tmp_path / "damaged.csv").write_bytes(b"a,target\n1\n")
    assert main(["tasks"]) == 0
    out, err = capsys.readouterr()
    rows = {line.split()[0]: line.split() for line in out.splitlines() if line.strip()}
    assert rows["iris"][1:5] == ["classification", "150", "4", "3"]
    assert rows["toy"][1:5] == ["classification", "3", "2", "2"]
    assert rows["letter"][1:5] == ["classification", "to", "be", "fetched:"]
    assert "damaged is left out" in err
    assert main(["tasks", "--kind", "regression", "--like", "CONCRETE"]) == 0
    out = capsys.readouterr().out
    assert "concrete" in out
    assert "iris" not in out


def test_no_page_says_what_there_is(tmp_path, capsys):
    folder = Path(__file__).parents[2] / "paper" / "results" / "soft_vs_fuzzy"
    said = refused(["report", str(folder)], capsys)
    for word in ("with a page (gamma_sweep)", "soft_vs_fuzzy, which has no page", f"figures --from {folder}"):
        assert word in said


def test_a_line_is_printed_as_it_is_but_for_what_no_terminal_should_be_told():
    out = io.StringIO()
    say(Console(file=out, width=40), "[red]a\x1b[31m\nb :smile:", "second " * 300)
    lines = out.getvalue().splitlines()
    assert lines[0] == r"[red]a\x1b[31m\nb :smile:"
    assert len(lines) == 2
    assert fits(lines[1])
