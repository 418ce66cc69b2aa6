"""Which cells are finished, and why the others must run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from continuum.exp.experiment import Cell
from continuum.exp.keys import cell_key, key_parts
from continuum.exp.registry import Registered
from continuum.exp.store import Damaged, RunFolder, Stored

#: Labels named behind a reason; the others are counted.
NAMED = 3


@dataclass(frozen=True)
class Planned:
    """A cell of the run: finished earlier (``stored``), or to be computed for a ``reason``."""

    cell: Cell
    key: str
    parts: Mapping[str, Any]
    stored: Stored | None
    reason: str


def make_plan(experiment: Registered, cells: Sequence[Cell], folder: RunFolder, *, resume: bool) -> list[Planned]:
    """Look up every cell in the run folder, in the order of ``cells``."""
    earlier = folder.labels()
    plan = []
    for cell in cells:
        parts = key_parts(experiment.name, experiment.module.RESULT_VERSION, cell)
        key = cell_key(parts)
        stored, reason = _look_up(folder, key) if resume else (None, "--no-resume")
        if reason == "new" and cell.label in earlier:
            reason = "key changed: " + ", ".join(differences(earlier[cell.label].parts, parts))
        plan.append(Planned(cell, key, parts, stored, reason))
    _refuse_twins(plan)
    return plan


def _look_up(folder: RunFolder, key: str) -> tuple[Stored | None, str]:
    try:
        stored = folder.find(key)
    except Damaged as damage:
        return None, f"damaged: {damage}"
    if stored is not None:
        return stored, ""
    return None, "failed before" if folder.error_file(key).exists() else "new"


def _refuse_twins(plan: Sequence[Planned]) -> None:
    # Twins would overwrite each other's results: an error of the experiment, not of its user.
    labels: dict[str, Planned] = {}
    keys: dict[str, Planned] = {}
    for planned in plan:
        if (twin := labels.setdefault(planned.cell.label, planned)) is not planned:
            raise ValueError(f"cells(): expected distinct labels, got {twin.cell.label!r} twice")
        if (twin := keys.setdefault(planned.key, planned)) is not planned:
            both = f"{twin.cell.label!r} and {planned.cell.label!r}"
            raise ValueError(f"cells(): expected distinct settings, got the same for {both}")


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return in words what changed between the key parts of a cell.

    >>> differences({"versions": {"torch": "2.12", "numpy": "2.4"}}, {"versions": {"torch": "2.13", "numpy": "2.4"}})
    ['torch 2.12 -> 2.13']
    """
    before, after = _flat(old), _flat(new)
    return [
        f"{name.replace('_', ' ')} {before.get(name, 'absent')} -> {after.get(name, 'absent')}"
        for name in dict.fromkeys([*before, *after])
        if before.get(name, "absent") != after.get(name, "absent")
    ]


def _flat(parts: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in parts.items():
        flat |= _flat(value) if isinstance(value, Mapping) else {name: value}
    return flat


def explain(plan: Iterable[Planned]) -> list[str]:
    """Return one line per reason to compute, with the number of its cells and the first few labels."""
    groups: dict[str, list[str]] = {}
    for planned in plan:
        if planned.stored is None:
            groups.setdefault(planned.reason, []).append(planned.cell.label)
    return [_line(reason, labels) for reason, labels in groups.items()]


def _line(reason: str, labels: Sequence[str]) -> str:
    if reason in ("new", "--no-resume"):
        return f"{len(labels)} {reason}"
    more = f" and {len(labels) - NAMED} more" if len(labels) > NAMED else ""
    return f"{len(labels)} {reason} ({', '.join(labels[:NAMED])}{more})"
