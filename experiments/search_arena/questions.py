"""The questions of the sources as tests: a margin stated before the run, a power, and one of four answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import ttest_1samp

from continuum.analysis.equivalence import mean_equivalence
from continuum.analysis.power import mean_power
from continuum.analysis.statistics import holm, mean_interval

from .agents import CONSTANT, RESOLUTIONS
from .measures import RANDOM, means

#: Probability of any false "confirmed" in the family; likewise of any false "refuted".
LEVEL = 0.05
#: Regret within which two searchers are called alike, and the effect whose power is stated.
REGRET_MARGIN = 0.05
#: The same of J, for pairs of controllers.
J_MARGIN = 0.01
#: Standard errors beyond which a test is sure to see an effect.
FAR = 8.0
#: Budget in trainings at which searchers of the table are compared with random search; and a small one.
MIDDLE, SMALL = 16, 4
#: The claim of the sources on a continuous action: at most so much of softmax-argmax's regret.
SHARE = 0.75


@dataclass(frozen=True)
class Question:
    """The claim that regret of ``first`` < ``factor`` x that of ``second`` + ``margin`` in the mean over tasks."""

    claim: str
    first: str
    second: str
    budget: int
    column: str
    factor: float = 1.0
    margin: float = 0.0


#: Searchers whose lead over random search is asked for.
LEADERS = (
    *("grid", "quasi_random", "tpe", "gaussian_process", "cma_es", "successive_halving", "hyperband", "asha", "bohb"),
    *("keras_random", "keras_bayesian", "keras_hyperband"),
)
#: The questions over tasks.
QUESTIONS: tuple[Question, ...] = (
    Question("Hyperband is ahead of random search at 4 trainings", "hyperband", RANDOM, SMALL, "validation"),
    Question("the same on test rows", "hyperband", RANDOM, SMALL, "test"),
    *(Question(f"{name} beats random search at 16", name, RANDOM, MIDDLE, "validation") for name in LEADERS),
    *(Question(f"{name} beats random at twice 16", name, "random_twice", MIDDLE, "validation") for name in LEADERS),
    *(
        Question(f"{nas} beats {ours}", nas, ours, SMALL, "test")
        for nas in ("darts", "darts_second", "tas")
        for ours in ("graded", "interval_gradient")
    ),
    *(
        Question(f"{name} is not worse than halving", name, "successive_halving", SMALL, "test", margin=REGRET_MARGIN)
        for name in ("graded", "interval_gradient", "concrete", "self_tuned")
    ),
    *(
        Question(f"{name} beats random search at 4", name, RANDOM, SMALL, "test")
        for name in ("enas", "enas_joint", "supernet", "darts", "graded")
    ),
)


def answers(rows: pd.DataFrame, pairs: pd.DataFrame | None = None, agents: pd.DataFrame | None = None) -> pd.DataFrame:
    """One row per question that the rows can speak to, with estimate, interval, power and answer.

    ``confirmed``: the claim's side of its margin is shown at 5 % in the family (Holm); ``refuted``: the other side is;
    ``null``: neither, and the two are alike within the margin of equivalence; else ``undecided``.
    """
    table = pd.DataFrame([*_over_tasks(rows), *_over_runs(pairs), *_over_agents(agents)])
    if table.empty:
        return table
    shown, refuted = (holm(table[name].fillna(1.0)) for name in ("p_confirmed", "p_refuted"))
    verdicts = [_word(*p) for p in zip(shown, refuted, table["p_null"], strict=True)]
    return table.assign(verdict=verdicts)


def _word(shown: float, refuted: float, null: float) -> str:
    if shown <= LEVEL:
        return "confirmed"
    if refuted <= LEVEL:
        return "refuted"
    return "null" if null <= LEVEL else "undecided"


def _over_tasks(rows: pd.DataFrame) -> Iterator[dict[str, Any]]:
    known: dict[tuple[int, str], pd.DataFrame] = {}
    for question in QUESTIONS:
        at = question.budget, question.column
        if at not in known:
            known[at] = means(rows, *at)
        wide = known[at]
        if question.first in wide and question.second in wide:
            first, second = (wide[name].to_numpy(float) for name in (question.first, question.second))
            values = first - question.factor * second - question.margin
            head = {"claim": question.claim, "unit": "tasks", "rows": question.column}
            yield head | tested(values, REGRET_MARGIN, first - second)


def _over_runs(pairs: pd.DataFrame | None) -> Iterator[dict[str, Any]]:
    """Pairs of controllers, run by run of one task: such an interval says nothing of other tasks."""
    if pairs is None:
        return
    keys = ["second", "first", "division", "task"]
    for (second, first, division, task), group in pairs.groupby(keys, sort=False):
        values = group["difference"].to_numpy(float)
        head = {"claim": f"{second} beats {first} on {task}, {division} rows", "unit": "runs", "rows": "test, J"}
        yield head | tested(values, J_MARGIN, values)


def _over_agents(agents: pd.DataFrame | None) -> Iterator[dict[str, Any]]:
    """Agents on tasks that they were not trained on: each agent's mean regret over those tasks is one value."""
    if agents is None or agents.empty:
        return
    once = agents[agents["budget"] == agents["budget"].min()]
    wide = once.pivot_table(index="agent", columns="searcher", values="regret", aggfunc="mean")
    for claim, first, second, factor in AGENT_CLAIMS:
        if first in wide and second in wide:
            both = wide[[first, second]].dropna()
            values = (both[first] - factor * both[second]).to_numpy(float)
            head = {"claim": claim, "unit": "agents", "rows": "test, held-out tasks"}
            yield head | tested(values, REGRET_MARGIN, (both[first] - both[second]).to_numpy(float))


#: Claims on agents: words, the first, the second, and the share of the second's regret.
AGENT_CLAIMS: Sequence[tuple[str, str, str, float]] = (
    ("a continuous action needs .75 of softmax-argmax's regret", "ddpg", "ddpg_softmax_29", SHARE),
    *((f"a continuous action beats softmax of {k}", "ddpg", f"ddpg_softmax_{k}", 1.0) for k in RESOLUTIONS),
    ("fractions help: continuous beats rounded", "ddpg", "ddpg_rounded", 1.0),
    ("exploring helps: rounded beats softmax of 29", "ddpg_rounded", "ddpg_softmax_29", 1.0),
    ("the agent beats the constant of its training tasks", "ddpg", CONSTANT, 1.0),
)


def tested(values: np.ndarray, alike: float, plain: np.ndarray) -> dict[str, float]:
    """Is the mean of the values below 0? And is the plain difference within ``alike`` of 0?"""
    mean, low, high = mean_interval(values)
    shift = mean_interval(plain).mean
    record = {"difference": shift, "claimed_below_0": mean, "low": low, "high": high, "n": len(values)}
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    if spread == 0:
        constant = len(values) > 1 and mean != 0
        less = float(mean > 0) if constant else np.nan
        null = float(abs(shift) > alike) if len(values) > 1 else np.nan
        return record | {"power": np.nan, "p_confirmed": less, "p_refuted": 1 - less, "p_null": null}
    less, more = (float(ttest_1samp(values, 0, alternative=side).pvalue) for side in ("less", "greater"))
    null = mean_equivalence(plain, 0.0, alike).p_within
    # Beyond a few standard errors the power is 1, and the noncentral distribution overflows.
    power = mean_power(len(values), min(alike / spread, FAR / np.sqrt(len(values))))
    return record | {"power": power, "p_confirmed": less, "p_refuted": more, "p_null": null}
