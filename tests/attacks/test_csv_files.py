"""The attack on files can find faults: a reader that is wrong in one place is seen."""

from collections.abc import Callable

import pytest

from attacks.csv_files import attack
from attacks.harness import tried
from continuum.errors import BadInput


def refuse_long(*_: object) -> None:
    raise ValueError("of a library")


WRONG: dict[str, tuple[str, Callable[..., object]]] = {
    "commas alone": ("continuum.data.reading.separated.separator_of", lambda text, skipped: ","),
    "no words for missing": ("continuum.data.reading.table.missing_in", lambda cells, keep_na: frozenset({""})),
    "another exception": ("continuum.data.reading.table.check_names", refuse_long),
}


@pytest.mark.parametrize(("place", "wrong"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_reader_is_found(place: str, wrong: Callable[..., object], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, wrong)
    assert any(tried(attack, 0, index) for index in range(40))


def test_a_message_that_fills_the_terminal_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def shouted(*_: object) -> None:
        error = BadInput("file", expected="a", came="b", remedy="c")
        error.args = ("\x1b[2J" + "x" * 5000,)
        raise error

    monkeypatch.setattr("continuum.data.reading.table.check_names", shouted)
    assert any("characters" in (tried(attack, 0, index) or "") for index in range(1, 40, 2))
