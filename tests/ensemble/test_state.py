"""What is kept of a network, and how it grows: old numbers stay, new units are born as they would have been."""

import dataclasses

import pytest
import torch
from torch.testing import assert_close

from continuum.ensemble import Member, Settings
from continuum.ensemble.initial import initial
from continuum.ensemble.state import State, grown, newborn, rows_for

SETTINGS = Settings(units=(16, 6), dtype=torch.float64)
EXACT = {"rtol": 0, "atol": 0}


@pytest.mark.parametrize(
    ("gamma", "side", "rows"),
    [
        ((0.0, 0.0), "left", (4, 4)),
        ((0.0, 0.0), "right", (4, 4)),
        ((3.5, 4.0), "left", (4, 4)),
        ((4.0, 4.0), "right", (8, 6)),
        ((4.25, 5.0), "left", (8, 6)),
        ((8.0, 6.0), "left", (8, 6)),
        ((8.0, 6.0), "right", (12, 6)),
        ((15.5, 1.0), "right", (16, 4)),
        ((16.0, 3.0), "right", (16, 4)),
    ],
)
def test_rows_are_the_active_units_in_fours(gamma: tuple[float, ...], side: str, rows: tuple[int, ...]) -> None:
    assert rows_for(gamma, SETTINGS, side) == rows


def test_all_units_are_on_under_other_laws() -> None:
    assert rows_for((1.0, 1.0), Settings(units=(16, 6), law="fuzzy"), "left") == (16, 6)


def test_a_newborn_has_the_initial_weights_of_its_rows() -> None:
    member = Member((4.0, 2.5), init=3)
    state = newborn(7, member, SETTINGS, inputs=5, outputs=2)
    assert (state.number, state.member, state.rows) == (7, member, (4, 4))
    assert list(state.slots) == ["weights"]
    for (w, b), (start_w, start_b) in zip(state.slots["weights"], initial(member, SETTINGS, 5, 2, (4, 4)), strict=True):
        assert_close(w, start_w, **EXACT)
        assert_close(b, start_b, **EXACT)
    assert {name: values.tolist() for name, values in state.gamma_slots.items()} == {
        "gamma": [4.0, 2.5],
        "best": [4.0, 2.5],
    }
    assert state.gamma_slots["gamma"].dtype == torch.float64


def test_a_learner_is_born_with_the_row_that_its_width_moves() -> None:
    assert newborn(0, Member((4.0, 2.5), gamma_lr=0.1), SETTINGS, 5, 2).rows == (8, 4)


def trained(gamma: tuple[float, float]) -> State:
    """A state whose weights, best weights and memory are 1, 2 and 3 everywhere."""
    state = newborn(1, Member((2.0, 2.0), init=3, gamma_lr=0.1), SETTINGS, 5, 2)
    slots = {
        name: [(torch.full_like(w, value), torch.full_like(b, value)) for w, b in state.slots["weights"]]
        for name, value in (("weights", 1.0), ("best", 2.0), ("exp_avg", 3.0))
    }
    now = torch.tensor(gamma, dtype=torch.float64)
    return State(1, state.member, state.rows, slots, {"gamma": now, "best": state.gamma_slots["best"]})


def test_growth_keeps_what_is_there_and_adds_units_at_their_start() -> None:
    state = trained((4.5, 2.0))
    wider = grown(state, SETTINGS, inputs=5)
    assert (wider.number, wider.rows, wider.member) == (1, (8, 4), state.member)
    assert wider.gamma_slots is state.gamma_slots
    start = initial(state.member, SETTINGS, 5, 2, (8, 4))
    for name, value in (("weights", 1.0), ("best", 2.0), ("exp_avg", 3.0)):
        (first, first_bias), (second, second_bias), _ = wider.slots[name]
        assert (first.shape, second.shape) == ((8, 5), (8, 4))
        assert (first[:4] == value).all()
        assert (first_bias[:4] == value).all()
        assert (second[:4] == value).all()
        assert (second_bias == value).all()
        newcomers = (first[4:], first_bias[4:], second[4:])
        expected = (start[0][0][4:], start[0][1][4:], start[1][0][4:])
        for rows, born in zip(newcomers, expected, strict=True):
            assert_close(rows, torch.zeros_like(born) if name == "exp_avg" else born, **EXACT)
    assert (state.slots["weights"][0][0] == 1).all()
    assert_close(start, initial(state.member, SETTINGS, 5, 2, (8, 4)), **EXACT)  # the drawn units are not overwritten


def test_at_an_integer_the_unit_about_to_be_born_has_a_row() -> None:
    assert grown(trained((4.0, 3.75)), SETTINGS, 5).rows == (8, 4)


@pytest.mark.parametrize("gamma", [(2.0, 2.0), (3.9, 0.0), (float("nan"), 9.0)])
def test_none_grows_without_need_or_after_it_diverged(gamma: tuple[float, float]) -> None:
    state = trained(gamma)
    assert grown(state, SETTINGS, inputs=5) is state


def test_a_narrower_layer_keeps_its_rows_while_another_grows() -> None:
    wide = grown(trained((4.5, 2.0)), SETTINGS, 5)
    wide.gamma_slots["gamma"] = torch.tensor([1.0, 5.0], dtype=torch.float64)
    assert grown(wide, SETTINGS, 5).rows == (8, 6)


def test_what_grows_keeps_its_outputs() -> None:
    """From 4 rows to 8 before 3 outputs: the weights of all layers have the shapes of the greater network."""
    settings = Settings(units=8)
    member = Member(2.0, gamma_lr=0.1)
    state = newborn(0, member, settings, 5, 3)
    moved = dataclasses.replace(state, gamma_slots=state.gamma_slots | {"gamma": torch.tensor([4.5])})
    (first, bias), (last, output_bias) = grown(moved, settings, 5).slots["weights"]
    shapes = [tuple(tensor.shape) for tensor in (first, bias, last, output_bias)]
    assert shapes == [(8, 5), (8,), (8, 3), (3,)]
