"""A number is a macro that TeX can read, with a source."""

import pytest

from paper import generate
from paper.number import Number, count, fixed, interval, percent, scientific
from paper.tables import calculus
from paper.tables._entries import excerpt


@pytest.mark.parametrize("name", ["coin", "Coin", "crossing_coin", "crossingCoin1", "", "crossing Coin"])
def test_bad_names_are_refused(name):
    with pytest.raises(ValueError, match="camelCase"):
        Number(name, "1", "file, row")


@pytest.mark.parametrize(("value", "source"), [("", "file, row"), ("1\n2", "file, row"), ("1", "")])
def test_empty_values_and_sources_are_refused(value, source):
    with pytest.raises(ValueError, match="crossingCoin"):
        Number("crossingCoin", value, source)


def test_missing_values_are_dashes():
    nan = float("nan")
    assert {fixed(nan), percent(nan), count(nan), scientific(nan), interval(nan, 1)} == {"--"}


def test_small_negative_numbers_keep_no_sign_of_nothing():
    assert fixed(-0.001, 2) == "0.00"
    assert fixed(-0.006, 2) == "$-$0.01"


def test_a_name_that_comes_twice_is_refused(monkeypatch):
    class Module:
        @staticmethod
        def numbers(results):
            yield Number("crossingCoin", "1", "file, row")

    monkeypatch.setattr(generate, "modules", lambda kind: [("one", Module), ("two", Module)])
    with pytest.raises(ValueError, match="one and two"):
        list(generate.collected(None))


def test_excerpts_must_stand_in_the_ledger():
    entry = {"id": "A07", "precise": "The parameters are\nnot linearly dependent."}
    assert excerpt(entry, "precise", "are not linearly") == "are not linearly"
    with pytest.raises(ValueError, match="A07"):
        excerpt(entry, "precise", "are linearly")


def test_a_piece_of_a_formula_gets_its_dollar_signs():
    assert calculus.whole(r"\chi_{k}(u)") == r"$\chi_{k}(u)$"
    assert calculus.whole(r"open iff $\Delta > 1 - a .$") == r"open iff $\Delta > 1 - a$"
