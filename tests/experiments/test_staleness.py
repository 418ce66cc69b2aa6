"""Experiments compute nothing from data that were edited after the plan was made."""

from importlib import import_module

import pytest

from continuum.errors import BadInput
from continuum.exp import presets, registry

PLANNED = ("gamma_sweep", "integer_crossing", "capacity_signal", "soft_vs_fuzzy", "recruitment")


@pytest.mark.parametrize("name", [*PLANNED, "learned_width"])
def test_every_experiment_asks(name: str) -> None:
    """Its cells name the data; with another checksum in their place, nothing is computed."""
    experiment = import_module(f"experiments.{name}")
    config = presets.config(registry.load(name), "quick", tasks=("iris",))
    planned = [cell for cell in experiment.cells(config) if "data" in cell.settings]
    assert planned
    for cell in planned:
        settings = {**cell.settings, "data": {"iris": "0" * 64}}
        with pytest.raises(BadInput, match=": expected the data of the start"):
            experiment.run(type(cell)(cell.label, settings, cell.cost))
