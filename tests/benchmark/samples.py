"""A space that is trained in a blink, and tables of it."""

from functools import cache

from continuum.benchmark import Space, Table, tabulate

#: Both depths and decays, whole widths and a fraction.
TINY = Space(gamma=(0.5, 2.0, 4.0, 8.0), lr=(0.003, 0.03), weight_decay=(0.0, 0.001), depth=(1, 2), epochs=4)
#: One task of each kind; the second comes with no package, so tests that need it make it.
TASK = "iris"


@cache
def tiny_table() -> Table:
    """Iris from two seeds."""
    return tabulate([TASK], [0, 1], TINY)
