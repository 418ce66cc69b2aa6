"""The attack on command lines sees each kind of fault that it looks for."""

import sys
import time

import pytest

from attacks import command_lines
from attacks.command_lines import fault
from continuum.exp import cli


@pytest.fixture
def answers(tmp_path, monkeypatch):
    """Let the command answer by a function, and tell what the attack says of it."""
    monkeypatch.setattr(command_lines, "_warm_up", lambda: None)

    def said(answer):
        monkeypatch.setattr(cli, "main", lambda line: answer())
        return fault(["gamma_sweep"], tmp_path)

    return said


def printing(text, code=2):
    def answer():
        sys.stderr.write(text)
        return code

    return answer


@pytest.mark.parametrize(
    ("text", "code", "seen"),
    [
        ("error: \x1b[31m\n", 2, "echoes"),
        ("error: \u202e\n", 2, "echoes"),
        ("error: " + "x" * 1000, 2, "a message of 1007 characters"),
        ("line\n" * 21, 2, "in 21 lines"),
        ("Traceback (most recent call last)", 1, "a traceback"),
        ("", 2, "without a word"),
        ("error: a fault", cli.FAULT, "exit code 70"),
    ],
    ids=range(7),
)
def test_a_wrong_answer_is_seen(answers, text, code, seen):
    assert seen in answers(printing(text, code))


def test_what_escapes_or_takes_long_is_seen(answers, monkeypatch):
    def escape():
        raise OSError("File name too long")

    assert "OSError escapes" in answers(escape)
    monkeypatch.setattr(command_lines, "SECONDS", 0.01)
    monkeypatch.setattr(time, "process_time", iter([0.0, 1.0]).__next__)
    assert "1.0 s" in answers(printing("error: slow\n"))


def test_a_right_answer_is_none(answers):
    assert answers(printing("error: flag: expected one that there is, got '--x'; see --help\n")) is None
