"""Real widths."""

from hypothesis import strategies as st

from proofs_checks.strategies.scalars import numbers


def gammas(units: int, *, beyond: float = 0.0, subnormal: bool = False) -> st.SearchStrategy[float]:
    """Real widths in [-beyond, units + beyond], integers among them."""
    real = numbers(-beyond, units + beyond, subnormal=subnormal)
    return st.one_of(st.integers(0, units).map(float), real)


def interior(units: int, margin: float = 1 / 64) -> st.SearchStrategy[float]:
    """Real widths inside a tile, at least ``margin`` away from both integers."""
    return st.builds(lambda tile, part: tile + part, st.integers(0, units - 1), numbers(margin, 1 - margin))


def gridded(units: int, parts: int) -> st.SearchStrategy[float]:
    """Widths that are multiples of 1/parts."""
    return st.integers(0, parts * units).map(lambda step: step / parts)
