"""How a price falls, in which stages, and what bounds the whole."""

import math
from dataclasses import dataclass
from itertools import accumulate

from continuum import checks
from continuum.learn.settings import checked_price

#: Ways to whole units: as few as held-out rows allow, ceil(width), or all that are on.
ROUNDINGS = ("held_out", "width", "none")
#: Prices of the stages in nats of all rows: from one that few data pay to one that nearly all do.
PRICES = (1024.0, 256.0, 64.0, 16.0, 4.0, 1.0, 0.25)
#: Steps of a stage.
STAGE = 50
#: Most further stages at the last price, each twice as long as the one before; rows from which on there is one more.
DOUBLINGS, MORE_ROWS = 5, 4000
#: Most further stages that can be asked for: nobody lives to see the last of these.
MOST_DOUBLINGS = 40
#: Factor of the steps of the last stage where all rows are there, twice as many as those of a fold. Where a fold has
#: most of them it is 1.
LONGER = 3
#: Rows that make a step twice as large, from 32 on, and the largest.
ROWS_PER_BATCH, LEAST_BATCH, MOST_BATCH = 64, 32, 256


@dataclass(frozen=True)
class Stage:
    """A price, and the steps that are taken at it."""

    price: float
    steps: int


@dataclass(frozen=True)
class DescentConfig:
    """How a price falls.

    Args:
        price: where it stops, in nats of all rows per unit of width; None: where held-out rows say.
        rounding: one of ``ROUNDINGS``.
        steps: most gradient steps of everything together; None: no bound.
        seconds: most seconds of wall clock, kept to by counting how long a step takes; None: no bound.
        stage: steps of a stage.
        doublings: most further stages at the last price, each twice as long as the one before; None: by the number of
            rows, see ``doublings_for``.
        settling: steps in which the width settles at one price for all tables, once the network is found, so that it
            can be compared between starts, pools and tables; 0: it is not measured.
    """

    price: float | None = None
    rounding: str = "held_out"
    steps: int | None = None
    seconds: float | None = None
    stage: int = STAGE
    doublings: int | None = None
    settling: int = 0

    def __post_init__(self) -> None:
        checks.one_of("rounding", self.rounding, ROUNDINGS, plural="ways of rounding")
        if self.price is not None:
            checked_price(self.price, remedy="None lets held-out rows choose")
        if self.steps is not None:
            checks.whole("steps", self.steps, at_least=1)
        if self.seconds is not None:
            checks.positive("seconds", self.seconds, remedy="None is no bound")
        checks.whole("stage", self.stage, at_least=1)
        if self.doublings is not None:
            checks.whole("doublings", self.doublings, at_least=0)
            checks.number("doublings", self.doublings, low=0, high=MOST_DOUBLINGS)
        checks.whole("settling", self.settling, at_least=0)

    def schedule(self) -> tuple[Stage, ...]:
        """The stages, of which held-out rows take the first so many; those below a price that is given are left out.

        >>> [stage.price for stage in DescentConfig(price=20.0, doublings=1).schedule()]
        [1024.0, 256.0, 64.0, 20.0, 20.0]
        >>> [stage.steps for stage in DescentConfig(doublings=2).schedule()][-3:]
        [50, 100, 200]
        """
        prices = PRICES if self.price is None else (*(p for p in PRICES if p > self.price), self.price)
        falling = [Stage(price, self.stage) for price in prices]
        return (*falling, *(Stage(prices[-1], self.stage * 2**k) for k in range(1, self.most_doublings + 1)))

    @property
    def most_doublings(self) -> int:
        """Doublings, of few rows where their number was left open."""
        return DOUBLINGS if self.doublings is None else self.doublings


def final_steps(schedule: tuple[Stage, ...], last: int, longer: int = LONGER) -> int:
    """Steps of a network of all rows that takes the stages up to ``last``, that one so many times as long.

    >>> final_steps(DescentConfig(stage=10).schedule(), 2)
    50
    """
    return sum(stage.steps for stage in schedule[: last + 1]) + (longer - 1) * schedule[last].steps


def rounding_steps(schedule: tuple[Stage, ...], last: int) -> int:
    """Steps in which surplus units go and the others settle: those of four stages, or of the last one."""
    return max(4 * schedule[0].steps, schedule[last].steps)


def cumulative(schedule: tuple[Stage, ...]) -> list[int]:
    """Steps behind each stage."""
    return list(accumulate(stage.steps for stage in schedule))


def doublings_for(rows: int) -> int:
    """Doublings by the number of rows: where there are many, a network learns for longer.

    >>> doublings_for(3999), doublings_for(4000)
    (5, 6)
    """
    return DOUBLINGS + (rows >= MORE_ROWS)


def batch_for(rows: float) -> int:
    """Rows of a step: a power of two, the more the more rows there are.

    >>> [batch_for(rows) for rows in (150, 5000, 10_000, 80_000)]
    [32, 64, 128, 256]
    """
    return int(min(max(2 ** math.floor(math.log2(max(rows, 1) / ROWS_PER_BATCH)), LEAST_BATCH), MOST_BATCH))
