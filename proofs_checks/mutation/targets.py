"""What is mutated, and which tests answer for it."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

#: The folder of the repository.
ROOT = Path(__file__).parents[2]
#: Rooms that are mutated by default.
ROOMS = ("widths", "estimators", "hypergrad", "ensemble", "learn")
CONTRACT, IMPLICIT = "hypergrad/test_contract.py", ("hypergrad/test_implicit.py", "hypergrad/test_solvers.py")
ENGINE = ("ensemble/test_trained.py", "ensemble/test_equals_plain_loop.py")
LEARN_METHODS = ["learn/test_methods_parts.py", "learn/test_result.py", "learn/test_pinned.py"]
#: Modules that other modules' tests answer for.
TESTS = {
    "widths.width": ["widths/test_interval.py", "widths/test_fuzzy.py"],
    "widths.power": ["widths/test_interval.py", "widths/test_fuzzy.py"],
    "widths.clipped": ["widths/test_simplex.py", "widths/test_fuzzy.py"],
    "widths.fields.cells": ["widths/test_softsupport.py", "widths/fields/test_variation.py"],
    "widths.fields.combined": [
        "widths/fields/test_field.py",
        "widths/test_softsupport.py",
        "widths/fields/test_variation.py",
    ],
    "widths.fields.piecewise": [
        "widths/fields/test_field.py",
        "widths/test_softsupport.py",
        "widths/fields/test_zeros.py",
    ],
    "widths.fields.line": ["widths/fields/test_zeros.py", "widths/fields/test_variation.py"],
    "widths.penalty.decay": ["widths/penalty/test_perspective.py", "widths/penalty/test_shrinkage.py"],
    "widths.schedule": ["widths/test_concrete.py"],
    "widths.tilt": ["widths/test_concrete.py", "widths/test_cardinal.py"],
    "estimators.bernoulli": ["estimators"],
    "estimators.categorical": ["estimators"],
    "estimators.control": ["estimators/test_rebar.py", "estimators/test_relax.py"],
    "estimators.estimator": ["estimators"],
    "estimators.sampled": ["estimators"],
    "hypergrad.bestresponse": [CONTRACT, "hypergrad/test_selftuning.py"],
    "hypergrad.solvers.conjugate_gradient": [CONTRACT, *IMPLICIT],
    "hypergrad.solvers.dense": [CONTRACT, *IMPLICIT],
    "hypergrad.descent": [CONTRACT, "hypergrad/test_unrolled.py"],
    "hypergrad.direct": [CONTRACT],
    "hypergrad.implicit": [CONTRACT, *IMPLICIT],
    "hypergrad.linearised": [CONTRACT, *IMPLICIT],
    "hypergrad.solvers.neumann": [CONTRACT, *IMPLICIT],
    "hypergrad.noise": [CONTRACT, "hypergrad/test_selftuning.py"],
    "hypergrad.problem": [CONTRACT, *IMPLICIT, "hypergrad/test_unrolled.py"],
    "hypergrad.recording": [CONTRACT, *IMPLICIT],
    "hypergrad.result": ["hypergrad/test_result.py", CONTRACT, *IMPLICIT],
    "hypergrad.scale": [CONTRACT, "hypergrad/test_selftuning.py"],
    "hypergrad.selftuning": [CONTRACT, "hypergrad/test_selftuning.py"],
    "hypergrad.solvers.solver": [CONTRACT, *IMPLICIT],
    "hypergrad.tree": [CONTRACT, *IMPLICIT, "hypergrad/test_unrolled.py"],
    "hypergrad.unrolled": [CONTRACT, "hypergrad/test_unrolled.py"],
    "ensemble.activations": ["ensemble/test_activations.py", "ensemble/test_bad_input.py"],
    "ensemble.chunk": ["ensemble/test_chunk.py", "ensemble/test_training.py", *ENGINE],
    "ensemble.gating": ["ensemble/test_gating.py", "ensemble/test_chunk.py"],
    "ensemble.initial": ["ensemble/test_initial.py"],
    "ensemble.kernels": ["ensemble/test_activations.py"],
    "ensemble.layers": ["ensemble/test_chunk.py"],
    "ensemble.layout": ["ensemble/test_layout.py"],
    "ensemble.losses": ["ensemble/test_losses.py", "ensemble/test_bad_input.py"],
    "ensemble.member": ["ensemble/test_bad_input.py"],
    "ensemble.optimizer": ["ensemble/test_optimizer.py"],
    "ensemble.partition": ["ensemble/test_partition.py"],
    "ensemble.parts": ["ensemble/test_parts.py"],
    "ensemble.passes": ["ensemble/test_chunk.py"],
    "ensemble.recorder": ["ensemble/test_recorder.py", "ensemble/test_trained.py"],
    "ensemble.settings": ["ensemble/test_bad_input.py"],
    "ensemble.slicing": ["ensemble/test_slicing.py"],
    "ensemble.state": ["ensemble/test_state.py"],
    "ensemble.stream": ["ensemble/test_parts.py"],
    "ensemble.trained": ["ensemble/test_trained.py"],
    "ensemble.training": ["ensemble/test_training.py", "ensemble/test_bad_input.py", *ENGINE],
    "learn.descent.settling": ["learn/test_settling.py"],
    "learn.calibration": ["learn/test_calibration.py", "learn/test_pool_size.py", "learn/test_pinned.py"],
    "learn.learning": ["learn/test_pinned.py", "learn/test_learning.py"],
    "learn.loss": ["learn/test_loss.py", "learn/test_pinned.py"],
    "learn.network": ["learn/test_network.py", "learn/test_pinned.py"],
    "learn.optimizer": ["learn/test_optimizer.py", "learn/test_pool_size.py", "learn/test_pinned.py"],
    "learn.path": ["learn/test_pinned.py", "learn/test_path.py"],
    "learn.pool": ["learn/test_pool.py", "learn/test_pool_size.py", "learn/test_pinned.py"],
    "learn.result": ["learn/test_result.py", "learn/test_pinned.py"],
    "learn.rounding": ["learn/test_rounding.py", "learn/test_pool_size.py", "learn/test_pinned.py"],
    "learn.rows": ["learn/test_rows.py", "learn/test_pinned.py"],
    "learn.run": ["learn/test_run.py", "learn/test_pinned.py"],
    "learn.settings": ["learn/test_settings.py", "learn/test_pinned.py"],
    "learn.task": ["learn/test_task.py", "learn/test_pinned.py"],
    "learn.methods.concrete": LEARN_METHODS,
    "learn.methods.fuzzy": LEARN_METHODS,
    "learn.methods.gated": LEARN_METHODS,
    "learn.methods.gated_run": LEARN_METHODS,
    "learn.methods.graded": LEARN_METHODS,
    "learn.methods.hypergradient": [*LEARN_METHODS, "learn/test_methods.py"],
    "learn.methods.interval": LEARN_METHODS,
    "learn.methods.lookahead": LEARN_METHODS,
    "learn.methods.method": LEARN_METHODS,
    "learn.methods.path": [*LEARN_METHODS, "learn/test_progress.py"],
    "learn.methods.registry": LEARN_METHODS,
    "learn.methods.soft_support": LEARN_METHODS,
}


@dataclass(frozen=True)
class Target:
    """A module, its tests, and the entries of the ledger that cover it."""

    module: str
    path: Path
    tests: tuple[str, ...]
    entries: tuple[str, ...]


def known_rooms() -> list[str]:
    """Every room of the library, those that are not mutated by default too.

    >>> "widths" in known_rooms()
    True
    """
    return sorted(path.parent.name for path in (ROOT / "continuum").glob("*/__init__.py"))


def targets(rooms: tuple[str, ...] = ROOMS) -> list[Target]:
    """Every module of the rooms that holds formulas."""
    covered = _covered()
    chosen = []
    for room in rooms:
        for path in sorted((ROOT / "continuum" / room).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT / "continuum").with_suffix("").parts)
            if path.stem != "__init__":
                entries = tuple(covered.get(f"continuum.{name}", []))
                chosen.append(Target(f"continuum.{name}", path, tuple(map(str, _tests(name))), entries))
    return chosen


def _tests(name: str) -> list[Path]:
    room, *folders, stem = name.split(".")
    mirror = ROOT.joinpath("tests", room, *folders, f"test_{stem}.py")
    listed = [ROOT / "tests" / test for test in TESTS.get(name, [])]
    tests = [test for test in listed or [mirror] if test.exists()]
    return tests or [ROOT / "tests" / room]


def _covered() -> dict[str, list[str]]:
    """Module to entries; asked in another process, since this one must not import the library before a mutant does."""
    code = (
        "import json; from proofs_checks import registry; "
        "print(json.dumps({key: list(registry.load(key).covers) for key in registry.modules()}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    modules: dict[str, list[str]] = {}
    for key, covers in json.loads(done.stdout).items():
        for module in covers:
            modules.setdefault(module, []).append(key)
    return modules
