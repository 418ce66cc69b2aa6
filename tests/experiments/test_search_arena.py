"""search_arena: its questions can be answered every way, its intervals are over what they say, and a whole run."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from continuum_experiments import search_arena
from continuum_experiments.search_arena import Config, questions
from continuum_experiments.search_arena.agents import CONSTANT
from continuum_experiments.search_arena.cells import doubled
from continuum_experiments.search_arena.measures import (
    against_random,
    by_task,
    comparisons,
    means,
    over_tasks,
    ranked,
)
from continuum_experiments.search_arena.questions import answers
from continuum_experiments.search_arena.roster import ENTRANTS, Entrant

from continuum.benchmark import Space, tabulate
from continuum.errors import BadInput
from continuum.exp import presets, registry
from continuum.search.registry import SEARCHERS
from tests.experiments.tiny import Completed, complete


def made_up(shift: float, tasks: int = 14, budget: int = 16) -> pd.DataFrame:
    """Random search and halving, which is ahead by ``shift`` on average, with spread over tasks and over runs."""
    random = np.random.default_rng(0)
    rows = []
    for task in range(tasks):
        of_task = 0.03 * random.normal()
        for repetition in range(6):
            level = 0.3 + 0.02 * random.normal()
            for name, value in (("random", level), ("successive_halving", level - shift + of_task), ("grid", level)):
                head = {"task": f"t{task}", "searcher": name, "repetition": repetition, "budget": budget}
                rows.append(head | {"kind": "table", "seconds": 1.0, "validation": value, "test": value})
    return pd.DataFrame(rows)


def test_answers_go_all_ways() -> None:
    claim = "successive_halving beats random search at 16"
    verdicts = [answers(made_up(shift)).set_index("claim")["verdict"] for shift in (0.2, -0.2, 0.0)]
    assert [verdict[claim] for verdict in verdicts] == ["confirmed", "refuted", "null"]
    assert verdicts[0]["grid beats random search at 16"] == "null"
    assert answers(made_up(0.02, tasks=2)).set_index("claim")["verdict"][claim] == "undecided"


def test_a_margin_moves_the_claim() -> None:
    values = np.random.default_rng(0).normal(0.02, 0.01, 20)
    worse, within = (questions.tested(values - margin, 0.05, values) for margin in (0.0, 0.05))
    assert worse["p_refuted"] < 0.01 < 0.5 < worse["p_confirmed"]
    assert within["p_confirmed"] < 0.01
    assert worse["p_null"] < 0.01
    assert 0.9 < worse["power"] <= 1


def test_pairs_and_agents_have_their_own_units() -> None:
    random = np.random.default_rng(1)
    head = {"task": "wine", "first": "enas", "second": "enas_response", "division": "few"}
    pairs = pd.DataFrame({"run": range(40), "difference": random.normal(-0.05, 0.03, 40)}).assign(**head)
    levels = {"ddpg": 0.1, "ddpg_softmax_29": 0.3, "ddpg_rounded": 0.1, CONSTANT: 0.1}
    rows = [
        {"agent": agent, "searcher": name, "task": task, "budget": 1, "regret": level + 0.01 * random.normal()}
        for name, level in levels.items()
        for agent in range(10)
        for task in ("a", "b")
    ]
    table = answers(made_up(0.0), pairs, pd.DataFrame(rows)).set_index("claim")
    assert table.loc["enas_response beats enas on wine, few rows", ["unit", "n", "verdict"]].tolist() == [
        "runs",
        40,
        "confirmed",
    ]
    claim = "a continuous action needs .75 of softmax-argmax's regret"
    assert table.loc[claim, ["unit", "n", "verdict"]].tolist() == ["agents", 10, "confirmed"]
    assert table.loc["fractions help: continuous beats rounded", "verdict"] == "null"
    assert table.loc["exploring helps: rounded beats softmax of 29", "verdict"] == "confirmed"


def test_intervals_are_over_what_they_say() -> None:
    rows = made_up(0.1)
    each = by_task(rows)
    mean = over_tasks(each).set_index("searcher").loc["successive_halving"]
    assert mean["tasks"] == 14
    more = pd.concat([rows, *(rows.assign(repetition=rows["repetition"] + 6 * k) for k in range(1, 6))])
    again = over_tasks(by_task(more)).set_index("searcher").loc["successive_halving"]
    assert again["test_high"] - again["test_low"] == pytest.approx(mean["test_high"] - mean["test_low"])
    paired = against_random(rows, [16]).set_index(["task", "searcher"])
    assert float(np.ptp(paired.loc[("t0", "grid"), ["test_low", "test_high"]])) == 0, "the same runs, paired"
    table = comparisons(rows, 16).set_index(["column", "method"])
    assert table.loc[("test", "successive_halving"), "wins"] == 14
    assert table.loc[("test", "successive_halving"), "adjusted"] < 0.01
    found = ranked(rows, 16, "test")
    assert found is not None
    assert found[0].idxmin() == "successive_halving"
    assert ranked(rows[rows["task"] == "t0"], 16, "test") is None
    lacking = rows[(rows["task"] != "t1") | (rows["searcher"] != "grid")]
    assert "grid" not in means(lacking, 16, "test"), "a rank over some tasks is none over all"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tasks of a small space."""
    folder = tmp_path_factory.mktemp("table")
    space = Space(gamma=(0.5, 2.0, 8.0), lr=(0.003, 0.03), weight_decay=(0.0,), depth=(1,), epochs=9)
    tabulate(["iris", "wine"], range(5), space).save(folder)
    return folder


@pytest.fixture(scope="module")
def small(table: Path) -> Config:
    """A configuration that takes seconds."""
    names = ("grid", "successive_halving")
    return Config(table=table, searchers=names, budgets=(1, 4), repetitions=3, paired_tasks=0, agents=0, jobs=1)


@pytest.fixture(scope="module")
def run(small: Config, tmp_path_factory: pytest.TempPathFactory) -> Completed:
    """A whole run."""
    return complete("search_arena", replace(small, out=tmp_path_factory.mktemp("runs")))


def test_the_whole_run(run: Completed) -> None:
    results = run.tables["results"]
    assert set(results["task"]) == {"iris", "wine"}
    assert {"random", "random_twice", "grid", "successive_halving", "exhaustive"} < set(results["searcher"])
    assert (results.loc[results["kind"] == "table", "validation"] >= -1e-12).all()
    figures = {path.stem for path in (run.folder / "figures").iterdir()}
    assert figures >= {"regret", "regret_by_task_test", "questions", "page_grid", "noise_floor", "comparisons"}
    assert "too few for Holm" in run.report


def test_a_cell_gives_the_same_rows_again_and_its_key_holds_the_table(small: Config, run: Completed) -> None:
    cell = next(c for c in search_arena.cells(small) if c.label == "wine successive_halving")
    assert set(cell.settings["data"]) == {"table"}  # type: ignore[arg-type]
    again = search_arena.run(cell)["results"].drop(columns="seconds")
    first = run.tables["results"].query("task == 'wine' and searcher == 'successive_halving'").reset_index(drop=True)
    pd.testing.assert_frame_equal(first[list(again)], again, check_exact=True)


def test_more_repetitions_extend_fewer(small: Config) -> None:
    cells = [search_arena.cells(replace(small, repetitions=count)) for count in (2, 3)]
    frames = [search_arena.run(next(c for c in of if c.label == "iris random"))["results"] for of in cells]
    fewer, more = (frame.drop(columns="seconds") for frame in frames)
    kept = more[more["repetition"] < 2].reset_index(drop=True)
    pd.testing.assert_frame_equal(fewer, kept, check_exact=True)


def test_twice_the_budget_is_random_search_further_on() -> None:
    rows = pd.DataFrame({"budget": [1, 2, 4, 8], "searcher": "random", "kind": "table", "test": [0.4, 0.3, 0.2, 0.1]})
    table = doubled(rows, [1, 4]).set_index(["searcher", "budget"])["test"]
    assert table.to_dict() == {
        ("random", 1): 0.4,
        ("random", 4): 0.2,
        ("random_twice", 1): 0.3,
        ("random_twice", 4): 0.1,
    }


def test_bad_input_names_the_remedy(small: Config) -> None:
    with pytest.raises(BadInput, match="tpe"):
        replace(small, searchers=("tp",)).validate()
    with pytest.raises(BadInput, match="drop the repeated"):
        replace(small, budgets=(4, 4)).validate()
    with pytest.raises(BadInput, match="iris"):
        search_arena.cells(replace(small, tasks=("iri",)))
    with pytest.raises(BadInput):
        search_arena.cells(replace(small, table=Path("nowhere")))


def test_everyone_in_the_roster_is_registered() -> None:
    assert {entrant.name for entrant in ENTRANTS} <= set(SEARCHERS)
    with pytest.raises(BadInput, match="leave it out"):
        Entrant("nobody", "table", 1.0).check()
    with pytest.raises(BadInput, match="tuner"):
        Entrant("keras_random", "keras", 1.0, ("no_such_module",)).check()
    paper = presets.config(registry.load("search_arena"), "full")
    assert set(paper.searchers) <= set(SEARCHERS), "a name that is missing would end the run"
