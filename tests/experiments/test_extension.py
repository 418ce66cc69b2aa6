"""Which flags extend a run: the cells of the smaller one are among those of the larger, by their keys."""

from dataclasses import replace

import pytest

from continuum.exp import keys, presets, registry

#: Changes that add work and leave what was asked for as it was.
EXTENDING = {
    "gamma_sweep": [{"seeds": 3}, {"tasks": ("iris", "wine", "digits")}],
    "capacity_signal": [
        {"seeds": 3},
        {"lead_seeds": 3},
        {"tasks": ("iris", "wine", "digits")},
        {"conditions": ("rows30",)},
    ],
    "integer_crossing": [{"tasks": ("iris", "wine", "digits")}],
    "learned_width": [{"seeds": 3}, {"tasks": ("iris", "wine", "digits")}, {"methods": ("interval", "fuzzy")}],
    "recruitment": [{"seeds": (1, 2, 3)}, {"tasks": ("teacher_4", "teacher_8")}],
    "soft_vs_fuzzy": [{"tasks": ("teacher_4", "digits")}, {"laws": ("interval/euclidean", "interval/root")}],
}
SMALLER = {
    "gamma_sweep": {"seeds": 2, "tasks": ("iris", "wine")},
    "capacity_signal": {
        "seeds": 2, "lead_seeds": 2, "seen_seeds": 1, "tasks": ("iris", "wine"), "lead_tasks": ("iris",),
        "conditions": (),
    },
    "integer_crossing": {"tasks": ("iris", "wine")},
    "learned_width": {"seeds": 2, "tasks": ("iris", "wine"), "methods": ("interval",)},
    "recruitment": {"seeds": (1, 2), "tasks": ("teacher_4",)},
    "soft_vs_fuzzy": {"tasks": ("teacher_4",), "laws": ("interval/euclidean",)},
}  # fmt: skip


def keys_of(name, config):
    experiment = registry.load(name)
    config.validate()
    cells = experiment.module.cells(config)
    return {keys.cell_key(keys.key_parts(name, experiment.module.RESULT_VERSION, cell)) for cell in cells}


@pytest.mark.parametrize(("name", "change"), [(name, change) for name in EXTENDING for change in EXTENDING[name]])
def test_cells_of_the_smaller_run_are_among_those_of_the_larger(name, change):
    smaller = presets.config(registry.load(name), "quick", **SMALLER[name])
    few, many = keys_of(name, smaller), keys_of(name, replace(smaller, **change))
    assert few < many


def test_what_a_batch_holds_does_not_extend():
    smaller = presets.config(registry.load("soft_vs_fuzzy"), "quick", **SMALLER["soft_vs_fuzzy"])
    assert not keys_of("soft_vs_fuzzy", smaller) & keys_of("soft_vs_fuzzy", replace(smaller, seeds=smaller.seeds + 1))
