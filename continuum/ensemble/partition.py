"""How members are cut into chunks: rectangles of equal shape, fixed by the members alone."""

from collections import defaultdict
from collections.abc import Sequence

from continuum.ensemble.state import State

Rectangle = list[list[State]]


def rectangles(states: Sequence[State], sizes: Sequence[object], largest: int) -> list[Rectangle]:
    """Cut states into rectangles (streams x positions) of at most ``largest`` members where possible.

    Members of a stream are sorted by their rows, so that equal blocks stand together; streams whose members have
    equal rows, and whose data have equal ``sizes``, are stacked.

    Args:
        states: networks, on any streams.
        sizes: for every stream, what must agree before it may be stacked with another.
        largest: most members of a rectangle (a rectangle has at least one member).
    """
    pieces = defaultdict(list)
    for run in _runs(states, largest):
        profile = tuple(state.rows for state in run)
        pieces[profile, sizes[run[0].member.stream]].append(run)
    cut: list[Rectangle] = []
    for (profile, _), runs in pieces.items():
        streams = max(1, largest // len(profile))
        cut += [runs[start : start + streams] for start in range(0, len(runs), streams)]
    return cut


def _runs(states: Sequence[State], largest: int) -> list[list[State]]:
    """Members of one stream each, sorted by rows, at most ``largest`` of them."""
    by_stream = defaultdict(list)
    for state in states:
        by_stream[state.member.stream].append(state)
    runs = []
    for _, members in sorted(by_stream.items()):
        members.sort(key=lambda state: (state.rows, state.number))
        runs += [members[start : start + largest] for start in range(0, len(members), largest)]
    return runs
