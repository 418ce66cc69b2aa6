"""Run one check with one formula: it passes, is refuted, or breaks."""

import math
import os
from collections.abc import Callable

import numpy as np
import torch
from hypothesis import HealthCheck, Phase, given, settings

from proofs_checks.identity import Asymptote, Rate, Witness
from proofs_checks.watch import Watch

#: Whether examples are drawn afresh.
RELEASED = os.environ.get("CONTINUUM_RANDOM_SEEDS") == "1"
#: Phases of Hypothesis: draw examples, and make the one that fails smaller.
DRAW: tuple[Phase, ...] = (Phase.explicit, Phase.generate)
SHRINK: tuple[Phase, ...] = (*DRAW, Phase.shrink)
#: A wrong variant may take so many draws: it is over with the first one that refutes it, and which ones come depends on
#: the modules that happen to be loaded, since Hypothesis draws constants from their sources.
SEARCH = 500


def witness(check: Witness, formula: object, *, wrong: bool, watch: Watch | None = None) -> None:
    """Confront a formula with drawn inputs; raises ``AssertionError`` where the check refutes it.

    A claim that fails is shown by its smallest example; one that refutes a ``wrong`` variant is searched for longer.
    ``watch`` sees whether the check runs shipped code; the drawing of examples does not count.
    """
    watch = watch or Watch()
    if not check.given:
        _seeded(lambda: watch(lambda: check.check(formula)))
        return

    @settings(
        max_examples=max(SEARCH, check.examples) if wrong else check.examples,
        derandomize=not RELEASED,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        phases=DRAW if wrong else SHRINK,
        suppress_health_check=list(HealthCheck),
    )
    @given(**check.given)
    def run(**drawn: object) -> None:
        _seeded(lambda: watch(lambda: check.check(formula, **drawn)))

    run()


def slope(rate: Rate, errors: list[float]) -> float:
    """Least-squares slope of log|error| against log scale."""
    return float(np.polyfit(np.log(rate.scales), np.log(np.abs(errors)), 1)[0])


def asymptote(rate: Rate, claim: Asymptote, errors: list[float]) -> None:
    """Confront an order (and constant) with measured errors; raises ``AssertionError`` where they differ."""
    fitted = slope(rate, errors)
    if not math.isfinite(fitted) or abs(fitted - claim.order) > rate.tolerance:
        raise AssertionError(f"{rate.name}: order {fitted:.4f}, claimed {claim.order:g} +- {rate.tolerance:g}")
    if claim.constant is None:
        return
    constant = errors[-1] / rate.scales[-1] ** claim.order
    if abs(constant - claim.constant) > rate.relative * abs(claim.constant):
        raise AssertionError(f"{rate.name}: constant {constant:.6g}, claimed {claim.constant:.6g}")


def refuted(trial: Callable[[], None]) -> str | None:
    """What refuted it, in a line, or None where the trial passed; other exceptions go through."""
    try:
        trial()
    except AssertionError as refutation:
        lines = (str(refutation).strip() or "refuted").splitlines()
        return " ".join(line.strip() for line in lines[:4] if line.strip())
    return None


def _seeded(trial: Callable[[], None]) -> None:
    # A check that draws from torch itself sees the same stream in each example, so that a failure can be repeated.
    if not RELEASED:
        torch.manual_seed(0)
    trial()
