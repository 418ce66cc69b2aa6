"""What was computed before the house was rearranged is found again: no name on disk depends on where code lies."""

import hashlib
import os
import shutil
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from continuum.exp import keys, presets, registry
from continuum.exp.plan import make_plan
from continuum.exp.store import RunFolder

RECORDED = Path(__file__).parent / "recorded"
KEYS = tomllib.loads((RECORDED / "keys.toml").read_text())
VERSIONS = {"numpy": "2.4.6", "torch": "2.13.0+cpu"}
#: The module: in its package the name means the function.
LEARNED_WIDTH_CELLS = import_module("continuum_experiments.learned_width.cells")
#: Packages that the preset peers compares with: they were not installed.
PEER_VERSIONS = {"gromo": "absent", "neural-trees": "absent"}
CELL = "0cac65e386510e17"

#: Presets whose tasks are CSV files.
NEED_FILES = {
    ("learned_width", "paper"),
    ("capacity_signal", "paper"),
    ("recruitment", "adaptive"),
    ("recruitment", "paper"),
}
CASES = [
    pytest.param(name, preset, marks=[pytest.mark.uci] if (name, preset) in NEED_FILES else [])
    for name, recorded in KEYS.items()
    for preset in recorded
]


def planned(name, preset):
    experiment = registry.load(name)
    config = presets.config(experiment, preset)
    return experiment, config, experiment.module.cells(config)


@pytest.mark.parametrize(("name", "preset"), CASES)
def test_runs_and_cells_keep_their_names(name, preset, monkeypatch):
    if (name, preset) in NEED_FILES and not os.environ.get("CONTINUUM_UCI"):
        pytest.skip("no folder $CONTINUUM_UCI")
    monkeypatch.setattr(keys, "installed", VERSIONS.__getitem__)
    monkeypatch.setattr(LEARNED_WIDTH_CELLS, "installed", PEER_VERSIONS.__getitem__)
    experiment, config, cells = planned(name, preset)
    cell_keys = sorted(keys.cell_key(keys.key_parts(name, experiment.module.RESULT_VERSION, cell)) for cell in cells)
    recorded = KEYS[name][preset]
    assert keys.run_id(config) == recorded["run"]
    assert len(cell_keys) == recorded["cells"]
    assert hashlib.sha256("\n".join(cell_keys).encode()).hexdigest()[:32] == recorded["digest"]


def test_a_recorded_cell_is_current(tmp_path, monkeypatch):
    monkeypatch.setattr(keys, "installed", VERSIONS.__getitem__)
    folder = RunFolder(tmp_path / KEYS["gamma_sweep"]["quick"]["run"])
    shutil.copytree(RECORDED / CELL, folder.path / "cells" / CELL)
    experiment, _, cells = planned("gamma_sweep", "quick")
    (plan,) = (plan for plan in make_plan(experiment, cells, folder, resume=True) if plan.stored is not None)
    assert plan.key == CELL
    assert set(folder.tables(plan.stored)) == {"results", "slice"}
