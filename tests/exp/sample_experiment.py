"""Square some numbers.

The environment plays the accidents (SAMPLE_*): it must not enter the configuration, or a resumed run would be another.
"""

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from continuum.errors import BadInput
from continuum.exp import Cell, RunOptions

RESULT_VERSION = 1


@dataclass(frozen=True)
class Config(RunOptions):
    """What to square."""

    numbers: int = 6
    """How many numbers."""
    seeds: tuple[int, ...] = (0,)
    """Seeds of the noise."""

    def validate(self):
        if self.numbers < 1:
            raise BadInput("numbers", expected="at least 1", came=self.numbers, remedy="give more")


def cells(config):
    return [
        Cell(f"number {number} [{seed}]", {"number": number, "seed": seed, "data": "sha256:00"}, cost=1.0 + number % 3)
        for seed in config.seeds
        for number in range(config.numbers)
    ]


def run(cell):
    note(cell.label)
    number = cell.settings["number"]
    time.sleep(float(os.environ.get("SAMPLE_SLEEP", "0")))
    play(number)
    noise = np.random.default_rng(cell.settings["seed"]).normal(size=3)
    rows = {"number": number, "square": number**2, "noise": noise, "threads": os.environ.get("OMP_NUM_THREADS", "")}
    tables = {"results": pd.DataFrame(rows)}
    if number % 2:
        tables["odd"] = pd.DataFrame({"number": [number], "maybe": [None if number == 1 else 0.5]})
    return tables


def note(label):
    if "SAMPLE_LOG" in os.environ:
        with Path(os.environ["SAMPLE_LOG"]).open("a") as log:
            log.write(f"{label}\t{os.getpid()}\n")


def play(number):
    modes = {name: os.environ.get(f"SAMPLE_{name}") == str(number) for name in ("FAIL", "KILL", "BAD")}
    if modes["FAIL"]:
        raise ZeroDivisionError("no luck")
    if modes["KILL"]:
        os.kill(os.getpid(), signal.SIGKILL)
    if modes["BAD"]:
        raise BadInput("task", expected="digits", came="digit", remedy="did you mean digits?")


def draw(tables, folder):
    from continuum.analysis.style import new_figure, save  # not for the workers

    figure, axes = new_figure()
    axes.set_axis_off()  # letters take most of the time
    axes.plot(tables["results"]["number"], tables["results"]["square"])
    return save(figure, folder, "squares")


def report(tables, config):
    return [f"sum of squares {tables['results']['square'].sum()}"]
