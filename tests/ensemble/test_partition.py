"""How members are cut into rectangles: alike together, none lost, none too large."""

from continuum.ensemble import Member
from continuum.ensemble.partition import rectangles
from continuum.ensemble.state import State


def state(number: int, rows: int, stream: int = 0) -> State:
    return State(number, Member(1.0, stream=stream), (rows,), {}, {})


def cut(states: list[State], sizes: list[object], largest: int) -> list[list[list[int]]]:
    return [[[s.number for s in run] for run in rectangle] for rectangle in rectangles(states, sizes, largest)]


def test_members_of_a_stream_are_sorted_by_rows_then_number() -> None:
    states = [state(0, 8), state(1, 4), state(3, 4), state(2, 4)]
    assert cut(states, [()], 10) == [[[1, 2, 3, 0]]]


def test_runs_are_at_most_as_long_as_the_largest() -> None:
    states = [state(number, 4) for number in range(5)]
    assert cut(states, [()], 2) == [[[0, 1]], [[2, 3]], [[4]]]


def test_streams_of_one_profile_and_size_are_stacked() -> None:
    states = [state(0, 4, 0), state(1, 8, 0), state(2, 8, 1), state(3, 4, 1), state(4, 4, 2), state(5, 8, 2)]
    assert cut(states, [(9,), (9,), (9,)], 6) == [[[0, 1], [3, 2], [4, 5]]]
    assert cut(states, [(9,), (9,), (9,)], 5) == [[[0, 1], [3, 2]], [[4, 5]]]
    assert cut(states, [(9,), (7,), (9,)], 6) == [[[0, 1], [4, 5]], [[3, 2]]]


def test_streams_of_other_profiles_stand_apart() -> None:
    states = [state(0, 4, 0), state(1, 8, 1)]
    assert cut(states, [(9,), (9,)], 6) == [[[0]], [[1]]]


def test_a_rectangle_has_a_member_at_least() -> None:
    assert cut([state(0, 4, 0), state(1, 4, 1)], [(), ()], 1) == [[[0]], [[1]]]
