"""Learn from a table: choose by held-out rows, go down to the price with all rows, keep as many units as are needed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from continuum.arithmetic import engine_arithmetic
from continuum.errors import BadInput
from continuum.learn.descent.budget import Budget
from continuum.learn.descent.candidates import LEAST_ROWS, Candidate, folds_of
from continuum.learn.descent.choice import Choice, choose, longer_for
from continuum.learn.descent.descent import Descent
from continuum.learn.descent.reduction import Reduction, participation, paying, reduce_units
from continuum.learn.descent.settings import DescentConfig, Stage, doublings_for, final_steps, rounding_steps
from continuum.learn.descent.settling import settled_widths
from continuum.learn.descent.table import TableResult
from continuum.learn.loss import LossChoice
from continuum.learn.network import sequential
from continuum.learn.pool import Pool
from continuum.learn.rounding import round_units, whole_units
from continuum.learn.run import GradedRun
from continuum.learn.settings import DEFAULT_PRICE, LearnConfig
from continuum.learn.start import started
from continuum.learn.task import Task, checked_task
from continuum.progress import Meter, Progress

#: Said where nothing could be held out, or no stage be afforded.
UNCHOSEN = "too few rows, or steps, to hold some out: inputs and price are the default ones"
#: Share of what is left that a run without a choice takes; rounding takes the rest.
UNROUNDED = 2 / 3

Targets = Shaped[Tensor, "rows *targets"]
Inputs = Mapping[str, Float[Tensor, "rows features"]]


def learn_table(
    inputs: Inputs,
    y: Targets,
    loss: LossChoice,
    config: LearnConfig,
    descent: DescentConfig | None = None,
    *,
    sample_weight: Float[Tensor, " rows"] | None = None,
    progress: Progress | None = None,
    initial: nn.Sequential | None = None,
    classes: int | None = None,
) -> TableResult:
    r"""Learn weights, width, price and the choice among inputs of the same rows, and leave a plain compact network.

    The problem is that of :func:`~continuum.learn.learn_width`, and every step the same, but the price falls in stages,
    each of which goes on from the one before: from one that hardly any unit is worth down to one that nearly all are.
    Networks of two halves of the rows, or of four fifths where rows are many, go down first, one for each kind of
    inputs; the rows that each of them did not see say which inputs to take and where to stop. A last network goes down
    there with all rows. The halves say, too, how many units are needed: units are removed one by one, the rest settle
    *at the same price*, and the fewest are taken whose held-out loss is within one standard error of the best.

    With ``config.skip`` a straight map stands beside the units; what is linear takes no unit then.

    Args:
        inputs: standardised features of the same rows by name, the first ones those of simple cases.
        y: class indices (long), or targets (rows,) or (rows, outputs), as of ``learn_width``.
        loss: "cross_entropy", "binary_cross_entropy", "squared_error" or a :class:`Likelihood`.
        config: of the steps: its price and its number of steps do not count here.
        descent: see :class:`DescentConfig`.
        sample_weight: of the rows, each of which counts like so many rows.
        progress: as of ``learn_width``. A true answer ends what goes on: the choice, which takes what it knows, or the
            way down; rounding goes on to its end.
        initial: a network to go on from, at the price given, with the first inputs.
        classes: how many there are, where not all of them need be among the rows.

    Raises:
        BadInput: before any training.
        Diverged: where numbers left the range of floats on the way.

    References: N. Meinshausen & P. Bühlmann, "High-dimensional graphs and variable selection with the Lasso", 2006
    (paths of a penalty); L. Breiman et al., "Classification and regression trees", 1984 (one standard error).

    >>> x = torch.linspace(-2, 2, 128).unsqueeze(1)
    >>> config = LearnConfig(skip=0.25, resolution=0.01)
    >>> result = learn_table({"raw": x}, 3 * x[:, 0] + 1, "squared_error", config)
    >>> result.units, result.candidate
    ((0,), 'raw')
    """
    how = DescentConfig() if descent is None else descent
    if not isinstance(inputs, Mapping) or not inputs:
        raise BadInput("inputs", expected="one kind of inputs or more", came="none", remedy='give {"raw": x}')
    candidates = [
        Candidate(name, checked_task((x, y, sample_weight), None, loss, config, classes)) for name, x in inputs.items()
    ]
    like = next(iter(inputs.values()))
    if how.doublings is None:
        how = replace(how, doublings=doublings_for(len(like)))
    with engine_arithmetic():
        if initial is not None:
            candidates = [Candidate(candidates[0].name, started(candidates[0].task, initial))]
        return _Learning(candidates, how, progress, like, fresh=initial is None).result()


@dataclass
class _Learning:
    """The phases, one behind the other."""

    candidates: list[Candidate]
    how: DescentConfig
    progress: Progress | None
    like: Tensor
    fresh: bool

    def result(self) -> TableResult:
        """Choose, go down, round."""
        self.schedule, self.budget = self.how.schedule(), Budget(self.how)
        every = final_steps(self.schedule, len(self.schedule) - 1)
        self.meter = Meter(self.progress, self._bounded((2 * len(self.candidates) + 1) * every))
        choice = self._choice()
        reduction = None if choice is None else self._reduction(choice)
        task = (self.candidates[0] if choice is None else choice.winner.candidate).task
        final, way = Descent.of(task, task.rows), self._way(choice)
        rest = sum(stage.steps for stage in way) + rounding_steps(self.schedule, 0 if choice is None else choice.last)
        self.meter.total = self._bounded(self.meter.done + rest)
        for stage in way:
            part = self._affordable(stage)
            final.advance(part, self.meter)
            self.budget.spend(part.steps)
            if self.meter.stopped:
                break
        return self._rounded(final, task, choice, reduction)

    def _bounded(self, steps: int) -> int:
        return steps if self.how.steps is None else min(steps, self.how.steps)

    def _choice(self) -> Choice | None:
        first = self.candidates[0].task
        folds = folds_of(first.rows, first.config.seed, classes=first.loss == "cross_entropy") if self.fresh else []
        if not folds:
            return None
        least = 0 if self.how.price is None else len(self.schedule) - 1 - self.how.most_doublings
        return choose(self.candidates, folds, self.schedule, self.budget, self.meter, least)

    def _reduction(self, choice: Choice) -> Reduction:
        longer = longer_for(choice.winner.judged)
        needed = final_steps(self.schedule, choice.last, longer) + rounding_steps(self.schedule, choice.last)
        reduction = reduce_units(choice, self.meter, max(self.budget.left - needed, 0.0))
        self.budget.spend(reduction.steps)
        return reduction

    def _way(self, choice: Choice | None) -> list[Stage]:
        """Stages of the last network; without a choice one, or at most as many as lead to the default price."""
        if choice is not None:
            way = list(self.schedule[: choice.last + 1])
            longer = longer_for(choice.winner.judged)
            return [*way[:-1], replace(way[-1], steps=longer * way[-1].steps)]
        price = DEFAULT_PRICE if self.how.price is None else self.how.price
        way = [stage for stage in self.schedule if stage.price > price] if self.fresh else []
        way.append(Stage(price, 4 * self.schedule[0].steps))
        most = max(1, int(UNROUNDED * self.budget.left)) if self.budget.left < float("inf") else None
        if most is not None and sum(stage.steps for stage in way) > most:
            return [Stage(price, most)]
        return way

    def _affordable(self, stage: Stage) -> Stage:
        """The stage, as far as there is time for it; that there are steps for it was seen to before."""
        if self.how.seconds is None or self.budget.left == float("inf"):
            return stage
        return replace(stage, steps=min(stage.steps, max(1, int(UNROUNDED * self.budget.left))))

    def _rounded(self, final: Descent, task: Task, choice: Choice | None, reduction: Reduction | None) -> TableResult:
        run, meter = final.run, self.meter
        widths, saturation, nat = run.widths(), run.saturation(), run.objective.nat()
        whole_units(widths)  # refuses what is no number
        unrounded, curves = sequential(run.network(), run.activation), run.curves
        settled = self._settled(final, choice)
        live = _live(run.pool)
        units = [min(max(n, int(len(live) > 1)), m) for n, m in zip(self._units(run, reduction), live, strict=True)]
        if units != live:
            last = 0 if choice is None else choice.last
            steps = int(min(rounding_steps(self.schedule, last), max(self.budget.left, 0.0)))
            meter.total = max(meter.done + steps, 1)
            round_units(run, units, sum(widths), meter, steps, priced=True)
            run.pool.repack(reserve=False)
        else:
            meter.total = meter.done
            meter.report(sum(widths))
        _drop_silent(run.pool)
        classes = task.loss == "cross_entropy"
        outcome = (
            {}
            if reduction is None
            else {
                "held_out_outputs": reduction.outputs,
                "held_out_targets": reduction.targets.argmax(1) if classes else reduction.targets,
                "held_out_weight": reduction.weights,
            }
        )
        return TableResult(
            network=sequential(run.network(), run.activation).to(self.like.device),
            widths=tuple(widths),
            units=tuple(run.pool.weights.units),
            width_curve=torch.tensor(curves.widths, dtype=self.like.dtype),
            loss_curve=torch.tensor(curves.losses, dtype=self.like.dtype),
            steps=meter.done,
            graded=unrounded,
            rounding_gap=float("nan") if reduction is None else reduction.gap,
            saturated=saturation is not None,
            notes=(*filter(None, (saturation,)), *(() if choice is not None or not self.fresh else (UNCHOSEN,))),
            price=run.price,
            activation=run.activation,
            nat=nat,
            candidate=(self.candidates[0] if choice is None else choice.winner.candidate).name,
            held_out_scores={} if choice is None else choice.means,
            settled_widths=settled,
            **outcome,
        )

    def _settled(self, final: Descent, choice: Choice | None) -> tuple[float, ...]:
        last = 0 if choice is None else choice.last
        spare = self.budget.left - rounding_steps(self.schedule, last)
        steps = int(min(self.how.settling, max(spare, 0)))
        self.budget.spend(steps)
        self.meter.done += steps
        return settled_widths(final, steps) if steps else ()

    def _units(self, run: GradedRun, reduction: Reduction | None) -> list[int]:
        if self.how.rounding == "none":
            return _live(run.pool)
        if self.how.rounding == "width":
            return whole_units(run.widths())
        if reduction is not None:
            return reduction.units
        return paying(run) if self.fresh and len(run.rows) < LEAST_ROWS else participation(run)


def _live(pool: Pool) -> list[int]:
    """Live units of every layer; where there are others behind or before it, a layer keeps a silent one."""
    return [max(count, int(len(pool.weights.outgoing) > 1)) for count in pool.counts()]


def _drop_silent(pool: Pool) -> None:
    """Drop the silent unit that a layer without any other still has, where it is the only layer."""
    if len(pool.weights.outgoing) == 1 and not pool.counts()[0]:
        pool.keep(0, np.zeros(0, np.int64))
