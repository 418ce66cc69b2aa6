"""What a whole fit costs beside one training of a fixed net: one thread against one, taken in turns."""

import time
from collections.abc import Callable

from continuum.ensemble import Member, Settings, train

from ..clock import plain_loop
from ..fits import FitOptions
from .fits import Row, fitted
from .parts import TableFold
from .variants import OURS

#: Units of the fixed net.
UNITS = 64
#: Turns; the first one, which warms everything up, is not kept.
TURNS = 4


def turn_rows(part: TableFold, options: FitOptions) -> list[Row]:
    """Seconds of wall clock and of the processor, one row per kind of training and turn.

    ``fit`` is the whole fit of the estimator with its defaults; ``engine`` one fixed net of 64 units alone on the
    engine, and ``torch`` the same in an ordinary PyTorch loop, both for the steps of the first edition's graded phase.
    """
    steps = part.fold.steps(options.steps)
    work: dict[str, Callable[[], object]] = {
        "fit": lambda: fitted(part, OURS, options.steps),
        "engine": lambda: _engine(part, options, steps),
        "torch": lambda: plain_loop(part.fold, UNITS, options.batch, steps),
    }
    rows = []
    for turn in range(TURNS):
        for what, job in work.items():
            wall, cpu = time.perf_counter(), time.process_time()
            job()
            spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
            rows.append({"what": what, "units": UNITS, "steps": steps, "turn": turn, **spent})
    return [row for row in rows if row["turn"]]


def _engine(part: TableFold, options: FitOptions, steps: int) -> None:
    fold = part.fold
    epochs = fold.epochs(steps, options.batch)
    settings = Settings(UNITS, activation=fold.activation, batch=options.batch, epochs=epochs, schedule="cosine")
    train([fold.stream], [Member(UNITS)], settings)
