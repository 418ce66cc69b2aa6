"""How many units a network needs: the fewest that held-out rows cannot tell from all of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64

from continuum.learn.calibration import mean_and_error
from continuum.learn.descent.choice import Choice, resolution
from continuum.learn.descent.descent import Descent
from continuum.learn.network import Array
from continuum.learn.rounding import LR_FACTOR, shrink
from continuum.learn.run import GradedRun, train
from continuum.progress import Meter

#: Units of a rung as a share of those of the one before, and steps in which those that are left settle.
SHARE, RUNG = 0.7, 25
#: Standard errors by which fewer units may be behind, and by which a rung ends the walk, or a line alone may be behind.
ERRORS, END_ERRORS = 1.0, 2.0


@dataclass(frozen=True, eq=False)
class Reduction:
    """What a ladder of ever fewer units showed.

    Args:
        units: of every layer, the fewest that do no harm, times as many as all rows are more than those of a fold:
            what more rows can tell apart is worth more units.
        gap: by how much the mean held-out loss of the networks of the folds with the fewest units lies above that with
            all units.
        outputs: of the networks of so many units, for the held-out rows.
        targets: of these rows.
        weights: of these rows.
        steps: that the ladder took.
    """

    units: list[int]
    gap: float
    outputs: Array
    targets: Array
    weights: Float64[np.ndarray, " rows"]
    steps: int


def rungs(live: Sequence[int], *, none: bool) -> list[list[int]]:
    """Units of every layer along the ladder: all, then ever fewer, at last one, or none where a line is left.

    >>> rungs([10], none=True)
    [[10], [7], [5], [4], [3], [2], [1], [0]]
    """
    ladder, share = [list(live)], SHARE
    while max(ladder[-1]) > 1:
        ladder.append([max(1, min(math.ceil(share * n), m - 1)) for n, m in zip(live, ladder[-1], strict=True)])
        share *= SHARE
    return [*ladder, [0] * len(live)] if none and max(live) else ladder


def reduce_units(choice: Choice, meter: Meter, most: float) -> Reduction:
    """Go down the ladder with the networks of the folds, at the price that was chosen, as far as the steps allow."""
    judged = [judge for judge in choice.winner.judged if len(judge.snapshots) > choice.last]
    descents = [judge.snapshots[choice.last].twin() for judge in judged]
    weights = np.concatenate([judge.held_out.weights() for judge in judged])
    targets = np.concatenate([judge.held_out.y for judge in judged])
    skip = descents[0].run.pool.weights.skip is not None
    live = [max(counts) for counts in zip(*(descent.run.pool.counts() for descent in descents), strict=True)]
    losses, outputs, taken, steps = list[Array](), list[Array](), list[list[int]](), 0
    for number, units in enumerate(rungs(live, none=skip and len(live) == 1)):
        if number and steps + RUNG * len(descents) > most:
            break
        if number:
            for descent in descents:
                _descend(descent, units, meter)
                steps += RUNG
        given = [descent.outputs(judge.held_out) for descent, judge in zip(descents, judged, strict=True)]
        pairs = zip(given, judged, descents, strict=True)
        losses.append(np.concatenate([d.run.objective.losses(out, judge.held_out.y) for out, judge, d in pairs]))
        outputs.append(np.concatenate(given))
        taken.append(units)
    objective, margin = descents[0].run.objective, 2 * resolution(choice.winner)
    scores = [objective.scores(given.copy(), targets) for given in outputs]
    tables = [np.stack(rows).astype(np.float64) for rows in (losses, scores)]
    place = fewest(tables, weights, margin, next((k for k, units in enumerate(taken) if not any(units)), None))
    gap = float(mean_and_error(tables[0][place] - tables[0][0], weights)[0])
    more = len(choice.winner.candidate.task.rows) / len(judged[0].descent.run.rows)
    units = [min(round(more * n), most_units) for n, most_units in zip(taken[place], live, strict=True)]
    return Reduction(units, gap, outputs[place], targets, weights, steps)


def fewest(
    tables: Sequence[Float64[np.ndarray, "rungs rows"]],
    weights: Float64[np.ndarray, " rows"],
    margin: float,
    none: int | None = None,
) -> int:
    """The last rung, by the table that stops first, on a walk down from the best rung of each table.

    A rung counts that is within a standard error, or the margin, of the best one; one that is two of them behind ends
    the walk, so that no lucky rung further down is taken. Errors are those of paired differences, row by row. The rung
    ``none``, of a line alone, counts within two of them at the end of a walk, and within one wherever a walk ends.

    >>> losses = np.array([[1.0, 2.0, 3.0], [1.1, 1.9, 3.0], [2.0, 3.0, 4.0], [1.0, 2.0, 3.0]])
    >>> fewest([losses], np.ones(3), 0.0)
    1
    """
    return min(_last(table, weights, margin, none) for table in tables)


def _last(
    table: Float64[np.ndarray, "rungs rows"], weights: Float64[np.ndarray, " rows"], margin: float, none: int | None
) -> int:
    best = int(mean_and_error(table, weights)[0].argmin())
    gain, error = mean_and_error(table - table[best], weights)
    last = best
    for rung in range(best, len(table)):
        if gain[rung] > max(END_ERRORS * error[rung], margin):
            break
        if gain[rung] <= max((END_ERRORS if rung == none else ERRORS) * error[rung], margin):
            last = rung
    if none is not None and gain[none] <= max(ERRORS * error[none], margin):
        return none
    return last


def _descend(descent: Descent, units: list[int], meter: Meter) -> None:
    """Remove units, and let the others settle at the price."""
    run = descent.run
    shrink(run, [min(n, m) for n, m in zip(units, run.pool.weights.units, strict=True)])
    config = run.config
    run.config, run.steps, run.records = replace(config, lr=LR_FACTOR * config.lr), RUNG, 1
    stopped, meter.progress, told = meter.stopped, None, meter.progress  # the ladder is no phase that ends early
    train(run, meter)
    run.config, meter.progress, meter.stopped = config, told, stopped


def participation(run: GradedRun) -> list[int]:
    r"""Units of every layer that take part: :math:`(\sum a)^2 / \sum a^2` of their gates a, rounded up.

    Of gates that are all alike it is their number, however small they are; of one large one it is 1.
    """
    gates = [np.linalg.norm(block.astype(np.float64), axis=1) for block in run.pool.weights.outgoing]
    shares = [a / a.max() if a.any() else a for a in gates]  # the squares of tiny gates are 0
    return [math.ceil(a.sum() ** 2 / np.square(a).sum() - 1e-6) if a.any() else 0 for a in shares]


def paying(run: GradedRun) -> list[int]:
    """Units of every layer that are worth their price, where no held-out rows can tell.

    Units are removed along the ladder, the others take over what they can, and what the training rows lose in nats is
    weighed against the price of so many whole units.
    """
    twin = Descent(run).twin().run
    live = run.pool.counts()
    ladder = rungs(live, none=run.pool.weights.skip is not None and len(live) == 1)
    costs = list[float]()
    for units in ladder:
        shrink(twin, [min(n, m) for n, m in zip(units, twin.pool.weights.units, strict=True)])
        costs.append(twin.loss() * run.price / run.price_per_row() + run.price * sum(units))
    return ladder[int(np.argmin(costs))]
