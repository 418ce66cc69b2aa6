"""Held-out rows choose: which inputs, and at which stage the price stops."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float64

from continuum.learn.calibration import mean_and_error
from continuum.learn.descent.budget import Budget
from continuum.learn.descent.candidates import Candidate, Fold
from continuum.learn.descent.descent import Descent
from continuum.learn.descent.settings import LONGER, Stage, final_steps, rounding_steps
from continuum.learn.rows import TrainingRows
from continuum.progress import Meter

#: Stages without a better score after which a candidate rests.
PATIENCE = 2
#: Standard errors by which a candidate must be behind to be dropped, and stages before any rests.
BEHIND, FIRST_STAGES = 2.0, 7
#: Standard errors by which later candidates must beat an earlier one, which is the simpler.
SIMPLER = 0.5
#: Steps of a stage from which on one fold goes on alone.
LONG = 200
#: Least share of the score by which a further doubling must lower it to be worth its steps.
WORTHWHILE = 0.005

Scores = Float64[np.ndarray, " rows"]


@dataclass
class Judged:
    """A network, the rows that judge it, and what it looked like behind every stage."""

    descent: Descent
    held_out: TrainingRows
    scores: list[Scores] = field(default_factory=list)
    snapshots: list[Descent] = field(default_factory=list)

    def advance(self, stage: Stage, meter: Meter) -> None:
        """One further stage, and its scores."""
        self.descent.advance(stage, meter)
        scores = self.descent.run.objective.scores(self.descent.outputs(self.held_out), self.held_out.y)
        self.scores.append(np.where(np.isfinite(scores), scores, np.inf).astype(np.float64))
        self.snapshots.append(self.descent.twin())


@dataclass
class Contestant:
    """A candidate with one network per fold; one that was dropped cannot win any more."""

    candidate: Candidate
    judged: list[Judged]
    resting: bool = False
    dropped: bool = False

    @classmethod
    def of(cls, candidate: Candidate, folds: Sequence[Fold]) -> "Contestant":
        """Networks that are born."""
        parts = [fold.rows(candidate.task.rows) for fold in folds]
        return cls(candidate, [Judged(Descent.of(candidate.task, training), held_out) for training, held_out in parts])

    @property
    def stages(self) -> int:
        """Stages behind it, in the first fold."""
        return len(self.judged[0].scores)

    def table(self, folds: int) -> Float64[np.ndarray, "stages rows"]:
        """Scores of the held-out rows of the first folds, behind every stage that all of them took."""
        stages = min(len(judged.scores) for judged in self.judged[:folds])
        return np.concatenate([np.stack(judged.scores[:stages]) for judged in self.judged[:folds]], axis=1)


@dataclass(frozen=True, eq=False)
class Choice:
    """What held-out rows chose.

    Args:
        winner: the contestant.
        last: the stage at which the price stops.
        means: of every candidate by name, its mean scores behind each stage.
    """

    winner: Contestant
    last: int
    means: dict[str, Float64[np.ndarray, " stages"]]


def choose(
    candidates: Sequence[Candidate],
    folds: Sequence[Fold],
    schedule: tuple[Stage, ...],
    budget: Budget,
    meter: Meter,
    least: int = 0,
) -> Choice | None:
    """The candidate and the stage of least held-out score; None where no stage could be afforded.

    All candidates go down the price together, each with one network per fold. Behind the first seven stages one rests
    when two stages brought nothing, and is dropped when another is ahead by two standard errors; before, only a score
    within the resolution ends it. Long stages are those of the first fold alone. The first candidate, of those that
    were not dropped, that is within a standard error of the best one wins, with its best stage, or the first one that
    ties with it within the resolution of the score. No stage before ``least`` is chosen.
    """
    contestants = [Contestant.of(candidate, folds) for candidate in candidates]
    weights = [judged.held_out.weights() for judged in contestants[0].judged]
    count = len(folds)
    needed = len(contestants) * count * sum(stage.steps for stage in schedule[: least + 1])
    rest = final_steps(schedule, least) + rounding_steps(schedule, least)
    if needed > budget.choosing or needed + rest > budget.left:
        return None  # steps that lead to no choice are better spent on the network
    for number, stage in enumerate(schedule):
        if stage.steps >= LONG:
            count = 1
        going = [contestant for contestant in contestants if not contestant.resting]
        cost = len(going) * count * stage.steps
        rest = final_steps(schedule, number, longer_for(folds)) + rounding_steps(schedule, number)
        if not going or cost > budget.choosing or cost + rest > budget.left:
            break
        for judged in (judged for contestant in going for judged in contestant.judged[:count]):
            judged.advance(stage, meter)
            budget.spend(stage.steps)
            if meter.stopped:
                return _chosen(contestants, weights, least)
        if number > least:
            _rest(contestants, weights, number, count, schedule)
    return _chosen(contestants, weights, least)


def longer_for(folds: Sequence[Fold] | Sequence["Judged"]) -> int:
    """Times that the last stage is longer with all rows than with those of one of these folds."""
    return LONGER if len(folds) > 1 else 1


def resolution(contestant: Contestant) -> float:
    """The score below which differences do not count: half the square of the resolution of a squared error."""
    config = contestant.candidate.task.config
    return config.resolution**2 / 2


def _rest(
    contestants: list[Contestant], weights: list[Scores], number: int, count: int, schedule: tuple[Stage, ...]
) -> None:
    """Let those rest that have come to nothing, or are clearly behind."""
    weight = np.concatenate(weights[:count])
    tables = [contestant.table(count) for contestant in contestants]
    best = [int(mean_and_error(table, weight)[0].argmin()) for table in tables]
    least = [float(mean_and_error(table[place], weight)[0]) for table, place in zip(tables, best, strict=True)]
    leader = int(np.argmin(least))
    for contestant, table, place in zip(contestants, tables, best, strict=True):
        if contestant.resting:
            continue
        gain, error = mean_and_error(table[place] - tables[leader][best[leader]], weight)
        early = number + 1 < FIRST_STAGES  # at high prices a few units may be worse than none, and many better
        behind = not early and float(gain) > max(BEHIND * float(error), resolution(contestant))
        means = mean_and_error(table, weight)[0]
        slow = schedule[number].steps > schedule[0].steps and means[-1] > (1 - WORTHWHILE) * means[:-1].min()
        idle = not early and number - place >= PATIENCE
        settled = idle or (number >= PATIENCE and float(means.min()) <= resolution(contestant))
        contestant.resting, contestant.dropped = behind or slow or settled, behind


def _chosen(contestants: list[Contestant], weights: list[Scores], first: int) -> Choice | None:
    if not all(len(judged.scores) > first for contestant in contestants for judged in contestant.judged):
        return None
    count = min(
        sum(len(judged.scores) == contestant.stages for judged in contestant.judged) for contestant in contestants
    )
    weight = np.concatenate(weights[:count])
    means = [mean_and_error(contestant.table(count), weight)[0] for contestant in contestants]
    places = [first + int(mean[first:].argmin()) for mean in means]
    least = [mean[place] for mean, place in zip(means, places, strict=True)]
    leader = int(np.argmin(np.where([contestant.dropped for contestant in contestants], np.inf, least)))
    if not np.isfinite(means[leader][places[leader]]):
        return None
    ahead = contestants[leader].table(count)[places[leader]]
    for place, contestant in enumerate(contestants):
        gain, error = mean_and_error(contestant.table(count)[places[place]] - ahead, weight)
        if not contestant.dropped and float(gain) <= max(SIMPLER * float(error), resolution(contestant)):
            break
    mean = means[place]
    good = mean[first:] <= mean[places[place]] + resolution(contestants[place])
    last = first + int(np.flatnonzero(good)[0])
    named = {contestant.candidate.name: mean for contestant, mean in zip(contestants, means, strict=True)}
    return Choice(contestants[place], last, named)
