"""Brackets of Hyperband against the arithmetic of its paper."""

from itertools import pairwise
from math import log

import pytest

from continuum.benchmark import Space
from continuum.errors import BadInput
from continuum.search import make
from continuum.search.brackets import bracket, brackets, cost, halvings
from tests.search.contract import play, proposed

#: Networks and epochs of each rung at R = 81 and eta = 3: table 1 of Li et al., JMLR 2018.
PAPER = {
    4: [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
    3: [(34, 3), (11, 9), (3, 27), (1, 81)],
    2: [(15, 9), (5, 27), (1, 81)],
    1: [(8, 27), (2, 81)],
    0: [(5, 81)],
}


def naive(most: int, eta: int) -> int:
    """The logarithm in floats."""
    return int(log(most, eta))


@pytest.mark.parametrize("s", PAPER)
def test_a_bracket_is_that_of_the_paper(s):
    assert [(rung.count, rung.epochs) for rung in bracket(81, 3, s)] == PAPER[s]


@pytest.mark.parametrize("eta", [2, 3, 4, 10])
def test_the_logarithm_is_exact_at_every_power(eta):
    for power in range(1, 12):
        assert halvings(eta**power, eta) == power
        assert halvings(eta**power - 1, eta) == power - 1
    assert naive(243, 3) == 4, "the logarithm in floats is the variant that must fail"


@pytest.mark.parametrize(("resuming", "epochs"), [(False, 423), (True, 357)])
def test_a_round_of_27_epochs_costs_what_the_paper_says(resuming, epochs):
    assert sum(cost(rungs, resuming=resuming) for rungs in brackets(27, 3)) == epochs
    searcher = make("hyperband", Space(epochs=27), resuming=resuming)
    history = play(searcher, epochs)
    assert history[-1][1] <= 27  # what the last proposal met was its own price: nothing is left over
    assert sum(paid(proposed(history))) == epochs
    assert len({p.point for p in proposed(history)}) == 27 + 12 + 6 + 4


def paid(proposals):
    """Epochs of each proposal, of one that resumes the increment alone."""
    trained: dict[int, int] = {}
    for proposal in proposals:
        yield proposal.epochs - trained.get(proposal.id, 0)
        trained[proposal.id] = proposal.epochs


@pytest.mark.parametrize("epochs", [1, 2, 7, 100, 243])
@pytest.mark.parametrize("eta", [2, 3, 5])
def test_rungs_rise_to_the_end_and_halve(epochs, eta):
    for rungs in brackets(epochs, eta):
        assert rungs[-1].epochs == epochs
        assert [rung.epochs for rung in rungs] == sorted({rung.epochs for rung in rungs})
        assert all(after.count <= before.count / eta for before, after in pairwise(rungs))
        assert all(rung.count >= 1 for rung in rungs)


def test_the_best_of_a_rung_go_on():
    searcher = make("successive_halving", Space(epochs=9), seed=1)
    values = {}

    def judge(proposal):
        return values.setdefault(proposal.id, 1 - proposal.id / 100)  # the later, the better

    by_epochs = {}
    for proposal in proposed(play(searcher, 9 + 3 * 2 + 6, judge=judge)):
        by_epochs.setdefault(proposal.epochs, []).append(proposal.id)
    assert by_epochs == {1: list(range(9)), 3: [8, 7, 6], 9: [8]}


def test_a_rung_that_is_not_told_in_full_does_not_hold_up_the_search():
    searcher = make("successive_halving", Space(epochs=9), seed=1)
    history = play(searcher, 900, judge=lambda p: None if p.id == 4 else 0.5)
    assert max(proposal.epochs for proposal in proposed(history)) == 9


@pytest.mark.parametrize("name", ["successive_halving", "hyperband", "asha", "bohb"])
def test_an_eta_that_halves_nothing_is_refused(name):
    with pytest.raises(BadInput, match="eta"):
        make(name, eta=1)
