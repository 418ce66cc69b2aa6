"""A small paper of its own: one preset of gamma_sweep that runs in a second, recorded as the real ones are."""

import json
import shutil
from pathlib import Path

import pytest
from continuum_experiments import gamma_sweep
from rich.console import Console

from paper import collect, ledger, presets
from paper.presets import Wanted
from paper.results import Results
from tests.exp.shortcuts import sketches, threads

TINY = """
tasks = ["iris"]
units = 2
seeds = 2
epochs = 1
widths = [0.5, 1.0, 1.5]
"""
ENTRY = dict.fromkeys(ledger.FIELDS, "text") | {"id": "A01", "steps": 3, "falsifiers": 2, "rejected": 2, "sound": True}


class Small:
    """The folders of the small paper."""

    def __init__(self, root: Path) -> None:
        self.presets, self.runs, self.results = (root / name for name in ("presets", "runs", "results"))
        self.ledger = root / "ledger.json"
        self.wanted = Wanted("gamma_sweep", "paper")

    def preset(self, text: str = TINY) -> None:
        """Write the preset; what was read from an earlier one is forgotten."""
        path = self.presets / "gamma_sweep" / "presets" / "paper.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        presets._config.cache_clear()

    def place(self, patch: pytest.MonkeyPatch) -> None:
        """Let the paper and the command line find these presets."""
        patch.setattr(presets, "FOLDER", self.presets)
        patch.setattr("continuum.exp.presets.folder", lambda experiment: self.presets / experiment.name / "presets")
        self.preset()

    def collected(self) -> Path:
        """The folder of the recorded results."""
        return self.results / self.wanted.name

    def load(self) -> Results:
        """The recorded results."""
        return Results(self.results, "paper", self.ledger)


@pytest.fixture(scope="session")
def recorded(tmp_path_factory):
    """Run and collect once for all tests."""
    paper = Small(tmp_path_factory.mktemp("recorded"))
    with pytest.MonkeyPatch.context() as patch:
        paper.place(patch)
        with threads(), sketches(gamma_sweep):
            collect.compute([paper.wanted], paper.runs, Console(quiet=True))
            collect.collect(paper.wanted, paper.runs, paper.results)
    presets._config.cache_clear()
    return paper


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """A small paper without results."""
    paper = Small(tmp_path / "small")
    paper.place(monkeypatch)
    paper.ledger.write_text(json.dumps({"sources": ledger.fingerprint(), "entries": [ENTRY]}))
    yield paper
    presets._config.cache_clear()


@pytest.fixture
def small(empty, recorded):
    """A small paper with results of its own."""
    for name in ("runs", "results"):
        shutil.copytree(getattr(recorded, name), getattr(empty, name))
    return empty


@pytest.fixture
def sketched():
    """Draw as what was recorded was drawn: sketches."""
    with sketches(gamma_sweep):
        yield
