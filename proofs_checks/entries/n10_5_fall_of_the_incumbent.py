"""Rewards that are falls of the incumbent add up to what was found; discounted they prefer what is found early."""

from collections.abc import Callable
from itertools import accumulate, pairwise

import numpy as np
import sympy as sp
from hypothesis import strategies as st

from continuum.search.environments.width import WidthEnv
from proofs_checks import strategies
from proofs_checks.compare import require
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.noisy_task import Known

#: Widths of the task, and J of the constant answer, from which the first reward falls.
WIDTHS, START = 5, 1.0


def derive() -> list[Derivation]:
    """Three trials, plain and discounted; weights of the mean; and falls that know the discount."""
    delta = sp.Symbol("delta", positive=True)
    i = sp.symbols("I_0:4")
    falls = [before - after for before, after in pairwise(i)]
    plain = Derivation("sum of falls", sum(falls)).rewrite(i[0] - i[3], "neighbours cancel")
    plain = plain.claims(i[0] - i[3], {"mean": i[0] - (i[1] + i[2] + i[3]) / 3})
    weights = [1 - delta, (1 - delta) * delta, delta**2]
    mean = sum(weight * each for weight, each in zip(weights, i[1:], strict=True))
    counted = Derivation("discounted", sum(delta**t * fall for t, fall in enumerate(falls)))
    counted = counted.rewrite(i[0] - mean, "by parts").claims(i[0] - mean, {"the last alone": i[0] - delta**2 * i[3]})
    whole = Derivation("weights", sum(weights)).rewrite(sp.Integer(1), "a mean")
    shaped = Derivation("I before less delta I after", sum(
        delta**t * (before - delta * after) for t, (before, after) in enumerate(pairwise(i))
    ))  # fmt: skip
    shaped = shaped.rewrite(i[0] - delta**3 * i[3], "neighbours cancel again")
    return [plain, counted, whole.claims(sp.Integer(1), {"less": delta}),
            shaped.claims(i[0] - delta**3 * i[3], {"falls": counted.value})]  # fmt: skip


Return = Callable[[list[float], float], float]


def incumbents(values: list[float]) -> list[float]:
    """The least value so far, after each trial."""
    return list(accumulate(values, min))


def weighted(values: list[float], discount: float) -> float:
    """J at the start less a mean of the incumbents, the last with the weight discount^(T - 1)."""
    found = incumbents(values)
    early = sum((1 - discount) * discount**t * each for t, each in enumerate(found[:-1]))
    return START - early - discount ** (len(found) - 1) * found[-1]


def final(values: list[float], discount: float) -> float:
    """What was found in the end, whatever the discount."""
    return START - min(values)


def last_alone(values: list[float], discount: float) -> float:
    """The last incumbent, discounted."""
    return START - discount ** (len(values) - 1) * min(values)


def values_fall(values: list[float], discount: float) -> float:
    """Falls of the trials and not of the incumbent."""
    pairs = zip([START, *values], values, strict=False)
    return sum(discount**t * (before - after) for t, (before, after) in enumerate(pairs))


def by_environment(formula: Return, table: list[float], trials: list[int], discount: float) -> None:
    """Rewards of an episode of the shipped environment that tries these widths."""
    values = [table[place] for place in trials]
    actual = sum(discount**t * reward for t, reward in enumerate(rewards(table, trials)))
    require(abs(actual - formula(values, discount)) < 1e-9, f"{actual}, not {formula(values, discount)}")


def rewards(table: list[float], trials: list[int]) -> list[float]:
    """What the shipped environment pays for each trial."""
    task = Known(np.array(table))
    charge = WidthEnv(task, "discrete").problems[0].charge
    environment = WidthEnv(task, "discrete", budget=charge + len(trials))
    environment.reset(seed=0)
    return [float(environment.step(place)[1]) for place in trials]


def example() -> dict[str, float]:
    """Two searches of three trials, at a discount of 0.8."""
    early, late = rewards([0.5, 0.6], [0, 1, 1]), rewards([1.0, 0.4], [0, 0, 1])
    totals = [sum(0.8**t * reward for t, reward in enumerate(each)) for each in (early, late)]
    return {
        "early, discounted": totals[0],
        "late, discounted": totals[1],
        "early, sum": sum(early),
        "late, sum": sum(late),
        "early, shaped": 1 - 0.8**3 * 0.5,
        "late, shaped": 1 - 0.8**3 * 0.4,
    }


IDENTITY = Identity(
    id="N10.5",
    title="the fall of the incumbent as a reward",
    source="here",
    place="for agents that search",
    printed=r"""$\sum_{t=1}^T\delta^{t-1}(I_{t-1} - I_t) = I_0 - (1-\delta)\sum_{t=1}^{T-1}\delta^{t-1}I_t -
\delta^{T-1} I_T$""",
    precise=r"""$I_0$ is the value of a constant answer, $I_t$ the incumbent after trial $t = 1, \ldots, T$, where
$I_1$ is the first trial's value whatever it is, so that the first reward may be negative; the reward of trial $t$ is
$I_{t-1} - I_t$, and $0 < \delta \leq 1$.
(i) Undiscounted the rewards add up to $I_0 - I_T$: the return knows what was found, and not when.
(ii) Discounted they add up to $I_0$ less a mean of all incumbents, with weights $(1-\delta)\delta^{t-1}$ and
$\delta^{T-1}$ for the last. For $\delta < 1$ and $T \geq 2$ there are searches of which the one that ends better has
the smaller return; $\delta = 1$ alone orders all searches by what they find.
(iii) With the reward $I_{t-1} - \delta I_t$ the discounted return is $I_0 - \delta^TI_T$, which orders them so for
every $\delta$.""",
    verdict=Verdict.HOLDS,
    proof=r"""Neighbours cancel; (ii) is summation by parts, and the weights add up to 1. For $T \geq 2$ compare $I_1 =
\ldots = I_T = a$ with $I_1 = \ldots = I_{T-1} = I_0$, $I_T = b < a$: the returns are $I_0 - a$ and $\delta^{T-1}(I_0 -
b)$, and the first is larger if $b$ is near $a$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="rewards of the shipped environment",
            check=by_environment,
            claim=weighted,
            wrong={"the end alone": final, "the end, discounted": last_alone, "falls of the trials": values_fall},
            given={
                "table": st.lists(strategies.numbers(0.0, 1.0), min_size=WIDTHS, max_size=WIDTHS),
                "trials": st.lists(st.integers(0, WIDTHS - 1), min_size=1, max_size=4),
                "discount": strategies.numbers(0.5, 1.0),
            },
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""$I_0 = 1$, three trials, $\delta = 0.8$. One search finds 0.5 at once and no more, another 0.4 at
its third trial. Discounted the first has the larger return, 0.5 against $0.64\cdot 0.6 = 0.384$; undiscounted the
second, 0.6 against 0.5; and with rewards $I_{t-1} - 0.8 I_t$ the second as well, 0.7952 against 0.744.""",
            numbers={
                "early, discounted": 0.5,
                "late, discounted": 0.384,
                "early, sum": 0.5,
                "late, sum": 0.6,
                "early, shaped": 0.744,
                "late, shaped": 0.7952,
            },
            compute=example,
        ),
    ),
    references=("A. Y. Ng, D. Harada and S. Russell, Policy invariance under reward transformations, ICML 1999 (iii)",),
    covers=(
        "continuum.search.environments.width",
        "continuum.search.environments.situation",
        "continuum.search.environments.problem",
    ),
    document="n10_5_fall_of_the_incumbent.md",
)
