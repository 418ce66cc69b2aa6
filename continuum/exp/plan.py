"""Which cells are finished, and why the others must run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from continuum.exp.experiment import Cell
from continuum.exp.keys import cell_key, key_parts
from continuum.exp.record import Stored
from continuum.exp.registry import Registered
from continuum.exp.siblings import Siblings
from continuum.exp.store import Damaged, RunFolder

#: Labels named behind a reason; the others are counted.
NAMED = 3


@dataclass(frozen=True)
class Planned:
    """A cell of the run: finished earlier (``stored``), or to be computed for a ``reason``.

    ``source`` is the run of other settings in which a finished cell was found, None where it was found in its own.
    """

    cell: Cell
    key: str
    parts: Mapping[str, Any]
    stored: Stored | None
    reason: str
    source: Path | None = None


def make_plan(experiment: Registered, cells: Sequence[Cell], folder: RunFolder, *, resume: bool) -> list[Planned]:
    """Look up every cell in the run folder, in the order of ``cells``.

    What the folder lacks is looked for in those of the experiment's other runs, and copied from there.
    """
    named = [(cell, key_parts(experiment.name, experiment.module.RESULT_VERSION, cell)) for cell in cells]
    keys = [cell_key(parts) for _, parts in named]
    _refuse_twins(cells, keys)
    siblings, earlier, plan = Siblings(folder, frozenset(keys)), None, []
    for (cell, parts), key in zip(named, keys, strict=True):
        stored, reason = _look_up(folder, key) if resume else (None, "--no-resume")
        if resume and stored is None and (copied := siblings.copied(key, cell.label)):
            stored, source = copied
            plan.append(Planned(cell, key, parts, stored, f"found in {source}", source))
            continue
        if reason == "new":
            earlier = folder.labels() if earlier is None else earlier
            if cell.label in earlier:
                reason = "key changed: " + ", ".join(differences(earlier[cell.label].parts, parts))
        plan.append(Planned(cell, key, parts, stored, reason))
    return plan


def _look_up(folder: RunFolder, key: str) -> tuple[Stored | None, str]:
    try:
        stored = folder.find(key)
    except Damaged as damage:
        return None, f"damaged: {damage}"
    if stored is not None:
        return stored, ""
    return None, "failed before" if folder.error_file(key).exists() else "new"


def _refuse_twins(cells: Sequence[Cell], keys: Sequence[str]) -> None:
    # Twins would overwrite each other's results: an error of the experiment, not of its user.
    of_label, of_key = dict[str, Cell](), dict[str, Cell]()
    for cell, key in zip(cells, keys, strict=True):
        if of_label.setdefault(cell.label, cell) is not cell:
            raise ValueError(f"cells(): expected distinct labels, got {cell.label!r} twice")
        if (twin := of_key.setdefault(key, cell)) is not cell:
            both = f"{twin.label!r} and {cell.label!r}"
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


def explain(plan: Sequence[Planned]) -> list[str]:
    """Return one line per other run that had finished cells, and per reason to compute, with the first few labels."""
    found = Counter(planned.source for planned in plan if planned.source is not None)
    groups: dict[str, list[str]] = {}
    for planned in plan:
        if planned.stored is None:
            groups.setdefault(planned.reason, []).append(planned.cell.label)
    lines = [f"{count} of {len(plan)} cells found in {source}" for source, count in found.items()]
    return lines + [_line(reason, labels) for reason, labels in groups.items()]


def _line(reason: str, labels: Sequence[str]) -> str:
    if reason in ("new", "--no-resume"):
        return f"{len(labels)} {reason}"
    more = f" and {len(labels) - NAMED} more" if len(labels) > NAMED else ""
    return f"{len(labels)} {reason} ({', '.join(labels[:NAMED])}{more})"
