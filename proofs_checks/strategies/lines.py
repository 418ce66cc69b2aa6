"""Where a function on the line crosses 0."""

from itertools import pairwise

from hypothesis import strategies as st


def crossings(units: int, most: int = 3, apart: int = 1, parts: int = 4) -> st.SearchStrategy[list[float]]:
    """Increasing places off the integers: the middles of cells of length 1/parts, at least ``apart`` cells between."""
    steps = st.lists(st.integers(0, parts * units - 1), min_size=1, max_size=most, unique=True).map(sorted)
    spread = steps.filter(lambda all_: all(after - before >= apart for before, after in pairwise(all_)))
    return spread.map(lambda all_: [(2 * step + 1) / (2 * parts) for step in all_])
