"""Numbers."""

from hypothesis import strategies as st


def numbers(low: float, high: float, *, subnormal: bool = False) -> st.SearchStrategy[float]:
    """Finite floats in [low, high]; subnormal ones only where a formula is to hold down to the last bit."""
    allowed = None if subnormal else False  # None: where the range has any
    return st.floats(low, high, allow_nan=False, allow_infinity=False, allow_subnormal=allowed)


def fractions(margin: float = 1 / 64) -> st.SearchStrategy[float]:
    """A gate strictly between 0 and 1."""
    return numbers(margin, 1 - margin)


def magnitudes(low: float, high: float) -> st.SearchStrategy[float]:
    """Positive numbers of any size from 10^low to 10^high, all sizes alike; the simplest is 1 if it is among them."""
    return numbers(low, high, subnormal=True).map(lambda power: 10.0**power)


def signed(sizes: st.SearchStrategy[float]) -> st.SearchStrategy[float]:
    """Numbers of these sizes, of both signs."""
    return st.builds(lambda size, sign: sign * size, sizes, st.sampled_from([1, -1]))


def slopes(least: float = 0.5, most: float = 4.0) -> st.SearchStrategy[float]:
    """Slopes of both signs, bounded away from 0."""
    return signed(numbers(least, most))


def seeds() -> st.SearchStrategy[int]:
    """Seeds of a random generator, for data whose single values mean nothing."""
    return st.integers(0, 2**31)
