"""The judge of search_arena: exact where it says so, and it does not profit from its own choice."""

import numpy as np
import pandas as pd
import pytest
from continuum_experiments.search_arena.baselines import NAMES, baselines
from continuum_experiments.search_arena.judge import JUDGING, SEARCHED, Judge, Values
from continuum_experiments.search_arena.repetitions import judged, repeated, seed_of

from continuum.benchmark import Point, Space
from continuum.search import Trace
from continuum.search.trace import COLUMNS

SPACE = Space(gamma=(0.5, 2.0, 8.0, 32.0, 64.0), lr=(0.001, 0.01), weight_decay=(0.0,), depth=(1,), epochs=4)
SEEDS = (*SEARCHED, *JUDGING)


def drawn(seed: int, noise: float, judging: tuple[int, ...] = JUDGING) -> Judge:
    """Points that differ by .1 from one to the next, the first the best, seen through noise."""
    random = np.random.default_rng(seed)
    true = 0.1 * np.arange(SPACE.size)[:, None] + np.zeros(SPACE.epochs)
    noisy = {name: {s: true + noise * random.normal(size=true.shape) for s in SEEDS} for name in ("a", "b")}
    return Judge({s: noisy["a"][s] for s in SEARCHED}, noisy["b"], SPACE, judging=judging)


def regrets(judge: Judge) -> Values:
    return np.array([[judge.test_regret(p, t) for t in (1, 2, 3, 4)] for p in SPACE.points()])


def test_regret_is_exact_and_normalised() -> None:
    judge = drawn(0, noise=0.3)
    values = judge.validation[1]
    best = [judge.validation_regret(p, int(v.argmin()) + 1, 1) for p, v in zip(SPACE.points(), values, strict=True)]
    assert min(best) == 0
    assert np.mean(best) == pytest.approx(1, abs=1e-12)
    assert np.mean(regrets(judge)[:, -1]) == pytest.approx(1, abs=1e-12)
    place, epoch = judge.oracle
    assert judge.test_regret(SPACE.points()[place], epoch) == pytest.approx(0, abs=1e-12)
    assert judge.validation_regret(Point(2.2, 0.011), 2, 0) == judge.validation_regret(Point(2.0, 0.01), 2, 0)


def test_an_oracle_that_is_judged_by_its_own_choice_is_seen() -> None:
    best = SPACE.points()[0]
    honest = [drawn(seed, 0.2) for seed in range(150)]
    leaking = [drawn(seed, 0.2, judging=SEARCHED) for seed in range(150)]
    # The truly best point: its mean regret cannot be above 0 but by chance; the leak calls it far from the best.
    of_best = [np.array([judge.test_regret(best, 4) for judge in judges]) for judges in (honest, leaking)]
    errors = [values.std() / np.sqrt(len(values)) for values in of_best]
    assert of_best[0].mean() < 3 * errors[0]
    assert of_best[1].mean() > 10 * errors[1] > 0
    assert any(regrets(judge).min() < 0 for judge in honest)
    assert all(regrets(judge).min() >= 0 for judge in leaking), "no regret below 0 is the mark of a leak"


def test_baselines_need_no_search_and_the_floor_is_measured() -> None:
    judge = drawn(1, noise=0.3)
    table = baselines(judge, {s: judge.validation[s] for s in SEARCHED})
    assert set(table["searcher"]) == set(NAMES)
    assert len(table) == 2 * len(NAMES)
    means = table.groupby("searcher")[["validation", "test"]].mean()
    assert means.loc["exhaustive", "validation"] == 0
    assert means.loc["average", "validation"] == pytest.approx(1, abs=1e-12)
    # here the training rows are the validation rows: nothing pulls apart
    assert means.loc["trained_rows"].tolist() == means.loc["exhaustive"].tolist()
    quiet = drawn(1, noise=0.0)
    still = baselines(quiet, {s: quiet.validation[s] for s in SEARCHED}).set_index("searcher")
    assert still.loc["exhaustive", "test"].max() == 0
    noisy = [drawn(seed, 0.15) for seed in range(200)]
    floors = [regrets(judge).ravel()[int(judge.validation[0].argmin())] for judge in noisy]
    assert np.mean(np.array(floors) != 0) > 0.5, "one split seldom shows the oracle"


def trace(costs: list[int], gammas: list[float], seed: int) -> Trace:
    pairs = enumerate(zip(costs, gammas, strict=True))
    rows = [(cost, i, gamma, 0.01, 0.0, 1, 4, 4, 1.0 - 0.1 * i, i != 1) for i, (cost, gamma) in pairs]
    return Trace("made up", "task", seed, pd.DataFrame(rows, columns=list(COLUMNS)))


def test_answers_are_those_of_the_budget() -> None:
    judge = drawn(2, noise=0.1)
    asked: list[tuple[int, int]] = []

    def search(seed: int, own: int) -> Trace:
        asked.append((seed, own))
        return trace([4, 8, 12], [2.0, 64.0, 8.0], own)

    tables = repeated(search, "wine", 4, [1, 2, 3, 9], judge, SPACE.epochs)
    first = tables["results"].query("repetition == 0")
    assert first["gamma"].tolist() == [2.0, 2.0, 8.0, 8.0]  # the second row did not become the answer
    assert first["validation"].iloc[2] == judge.validation_regret(Point(8.0, 0.01), 4, 0)
    assert [seed for seed, _ in asked] == [0, 1, 0, 1]
    assert len({own for _, own in asked}) == 4
    assert not {seed_of("wine", r) for r in range(50)} & {seed_of("iris", r) for r in range(50)}
    assert len(tables["paths"].query("repetition == 0")) == 3
    none = judged(judge, None, 0)
    assert (none["validation"], none["test"]) == (1.0, 1.0)
