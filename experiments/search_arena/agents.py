"""Agents that learn on some tasks and are judged on others: a continuous action against a discrete one."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from continuum.benchmark import Point
from continuum.exp import Cell
from continuum.exp.experiment import JSON
from continuum.exp.keys import installed

from .config import Config
from .judge import SEARCHED, judge_of, lookup
from .repetitions import judged
from .roster import Entrant


class Variant(NamedTuple):
    """An agent, what its actions mean, and among how many widths they choose."""

    agent: str
    representation: str
    resolution: int | None = None


#: Widths among which softmax-argmax chooses; the finest is that of the source.
RESOLUTIONS = (5, 9, 17, 29)
#: What learns over tasks, by its name in tables.
VARIANTS = {
    "ddpg": Variant("ddpg", "continuous"),
    "ddpg_rounded": Variant("ddpg", "rounded", RESOLUTIONS[-1]),
    **{f"ddpg_softmax_{count}": Variant("ddpg", "softmax", count) for count in RESOLUTIONS},
    **{name: Variant(name, "continuous") for name in ("td3", "sac", "naf")},
    **{name: Variant(name, "discrete") for name in ("dqn", "ppo")},
}
#: The constant that is best on the tasks from which agents learn: what any of them should beat.
CONSTANT = "constant_learned"
#: Whole trainings after which an agent is judged, beside the two landmarks that it is shown.
TRAININGS = (1, 4)
#: Epochs that two landmarks cost together, by which an agent is told what kind of task it is.
LANDMARKS = 10


def agent_cells(
    config: Config, tasks: Sequence[str], entrants: Sequence[Entrant], shared: dict[str, JSON]
) -> list[Cell]:
    """One cell per agent, each with its own split of the tasks; the constant for each split beside them."""
    named = {entrant.name: entrant for entrant in entrants if entrant.kind == "agent"}
    planned = []
    for agent in range(config.agents if named and len(tasks) > 1 else 0):
        split: dict[str, JSON] = {"stage": "agents", "agent": agent, "tasks": list(tasks)}
        planned.append(Cell(f"{CONSTANT} {agent}", {**shared, **split, "searcher": CONSTANT}, 1.0))
        for name, variant in VARIANTS.items():
            if variant.agent in named:
                needs = named[variant.agent].needs
                versions = {module: installed(module.replace("_", "-")) for module in needs}
                settings: dict[str, JSON] = {"searcher": name, "steps": config.agent_steps, "versions": versions}
                cost = named[variant.agent].seconds * config.agent_steps / 2000
                planned.append(Cell(f"{name} agent {agent}", {**shared, **split, **settings}, cost))
    return planned


def agents(settings: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """Train an agent on some tasks, and judge its answers on the others."""
    from continuum.search.environments import task_split

    path, name, agent, tasks = (settings[key] for key in ("table", "searcher", "agent", "tasks"))
    train, held_out = task_split(tasks, held_out=max(len(tasks) // 4, 1), seed=agent)
    start = time.perf_counter()
    rows = _constant(path, train, held_out) if name == CONSTANT else _agent(settings, train, held_out)
    table = pd.DataFrame(rows).assign(searcher=name, agent=agent).rename(columns={"test": "regret"})
    seconds = time.perf_counter() - start
    return {"results": pd.DataFrame([{"kind": "agents", "seconds": seconds, "searcher": name}]), "agents": table}


def _agent(settings: dict[str, Any], train: Sequence[str], held_out: Sequence[str]) -> Iterator[dict[str, Any]]:
    from continuum.search.agents import judge, train_agent

    path, variant = settings["table"], VARIANTS[settings["searcher"]]
    evaluators = [lookup(path, task, seed) for task in train for seed in SEARCHED]
    policy = train_agent(
        variant.agent,
        evaluators,
        steps=settings["steps"],
        seed=settings["agent"],
        representation=variant.representation,
        resolution=variant.resolution,
    )
    for task in held_out:
        for seed in SEARCHED:
            evaluator, of_task = lookup(path, task, seed), judge_of(path, task)
            epochs = evaluator.space.epochs
            for trainings in TRAININGS:  # each its own search: what is left of the budget is part of the state
                budget = LANDMARKS + trainings * epochs
                answer = judge(policy, evaluator, budget).answer(budget)
                yield {"task": task, "seed": seed, "budget": trainings, **judged(of_task, answer, seed)}


def _constant(path: str, train: Sequence[str], held_out: Sequence[str]) -> Iterator[dict[str, Any]]:
    judges = [judge_of(path, task) for task in train]
    points = judges[0].space.points()
    regrets = np.zeros(len(points))
    for judge in judges:
        for seed in judge.searched:
            best = judge.validation[seed].min(axis=1)
            regrets += (best - best.min()) / (best.mean() - best.min())
    point = points[int(regrets.argmin())]
    for task in held_out:
        for seed in SEARCHED:
            judge = judge_of(path, task)
            epoch = int(judge.validation[seed][judge.place(point)].argmin()) + 1
            regret = {
                "validation": judge.validation_regret(point, epoch, seed),
                "test": judge.test_regret(point, epoch),
            }
            for trainings in TRAININGS:
                yield {"task": task, "seed": seed, "budget": trainings, **_where(point), "best_epoch": epoch, **regret}


def _where(point: Point) -> dict[str, float]:
    return {"gamma": point.gamma, "lr": point.lr, "weight_decay": point.weight_decay, "depth": float(point.depth)}
