"""Bars: in a terminal, and in a notebook, which has no widgets."""

import builtins

import pytest

from continuum.sklearn.progress import in_notebook, listening, progress_bar
from tests.sklearn.data import classifier, wine


def shell(kind: str, module: str = "somewhere") -> object:
    return lambda: type(kind, (), {"__module__": module})()


@pytest.mark.parametrize(
    ("get", "expected"),
    [
        (shell("ZMQInteractiveShell"), True),
        (shell("Shell", "google.colab._shell"), True),
        (shell("TerminalInteractiveShell"), False),
        (lambda: None, False),
        (None, False),
    ],
)
def test_notebooks_are_known(monkeypatch, get, expected):
    monkeypatch.setattr(builtins, "get_ipython", get, raising=False)
    assert in_notebook() is expected


def test_a_plain_interpreter_is_no_notebook():
    assert not in_notebook()


def test_a_notebook_shows_a_line_that_is_written_over(monkeypatch, capsys):
    monkeypatch.setattr(builtins, "get_ipython", shell("ZMQInteractiveShell"), raising=False)
    model = classifier(verbose=True).fit(*wine())  # a warning, of ipywidgets say, would be an error
    shown = capsys.readouterr()
    assert shown.err == ""
    assert shown.out.startswith("\rwidth ░")
    assert shown.out.rstrip(" \n").endswith(f"{'█' * 30} 120/120 steps, width {model.width_:.1f}")
    assert shown.out.endswith("\n")
    assert shown.out.count("\n") == 1


def test_where_nothing_was_told_there_is_no_line(monkeypatch, capsys):
    monkeypatch.setattr(builtins, "get_ipython", shell("ZMQInteractiveShell"), raising=False)
    with progress_bar("width", shown=True):
        pass
    assert capsys.readouterr().out == ""


def test_bar_and_callbacks_are_told_the_same(monkeypatch, capsys):
    monkeypatch.setattr(builtins, "get_ipython", shell("ZMQInteractiveShell"), raising=False)
    told = []
    with listening("width", shown=True, callbacks=(lambda *now: told.append(now),)) as progress:
        progress.loss = 0.5
        progress(3, 3, 2.0)
    assert told == [(3, 3, 2.0, 0.5)]
    assert "3/3 steps, width 2.0" in capsys.readouterr().out
    with listening("width", shown=False) as progress:
        assert progress is None
