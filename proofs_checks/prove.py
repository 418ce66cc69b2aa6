"""Run all the evidence of one entry."""

import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field

import torch

from proofs_checks import attempt
from proofs_checks.identity import Absent, Counterexample, Identity, Rate, Witness
from proofs_checks.watch import Watch

PASS, FAIL, NONE, PENDING = "pass", "FAIL", "none", "pending"
#: All witnesses passed, but none of them runs shipped code.
MATHEMATICS = "mathematics"


@dataclass
class Report:
    """What the evidence of one entry came to.

    ``symbolic`` and ``witness`` are pass, FAIL, none (with the reason in the entry) or pending (no shipped code yet).
    ``witness`` is pass only where a check was seen to run shipped code, and "mathematics" where the checks ran the
    ledger's own; figures of counterexamples are no witness.
    ``figures`` are measured orders; ``faults`` say what failed; ``rejections`` how each wrong variant was refuted.
    """

    id: str
    title: str
    source: str
    verdict: str
    symbolic: str = NONE
    witness: str = NONE
    falsifiers: int = 0
    rejected: int = 0
    steps: int = 0
    seconds: float = 0.0
    figures: dict[str, float] = field(default_factory=dict)
    rejections: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Every check passed, and every wrong variant was rejected."""
        return not self.faults

    @property
    def derived(self) -> bool:
        """The claim was reached in sympy, step by step."""
        return self.symbolic == PASS and self.steps > 0

    @property
    def witnessed(self) -> bool:
        """The claim was compared with shipped code."""
        return self.witness == PASS

    @property
    def attacked(self) -> bool:
        """A wrong variant went through a check that the claim passes, and each one was rejected."""
        return 0 < self.falsifiers == self.rejected

    def as_dict(self) -> dict[str, object]:
        """Plain data, for JSON."""
        words = {"derived": self.derived, "witnessed": self.witnessed, "attacked": self.attacked}
        return {**asdict(self), **words, "sound": self.sound}


def prove(entry: Identity) -> Report:
    """Derive, witness and attack one entry; nothing raises, faults are in the report."""
    started = time.perf_counter()
    report = Report(entry.id, entry.title, entry.source, str(entry.verdict))
    # The checks are in float64 and leave the settings of the process as they found them.
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        report.symbolic = _symbolic(entry, report)
        report.witness = _witnesses(entry, report)
    finally:
        torch.set_default_dtype(before)
    report.seconds = time.perf_counter() - started
    return report


def _symbolic(entry: Identity, report: Report) -> str:
    if isinstance(entry.symbolic, Absent):
        return PENDING if entry.symbolic.pending else NONE
    derive = entry.symbolic

    def run() -> None:
        report.steps = sum(len(chain.steps) for chain in derive())

    return PASS if _passes(report, "symbolic", run) else FAIL


def _witnesses(entry: Identity, report: Report) -> str:
    watch = Watch()
    witnesses = [] if isinstance(entry.witnesses, Absent) else list(entry.witnesses)
    # Before the counterexamples: what a check finds in a cache that these filled would not be seen to run.
    outcomes = [_witness(check, report, _watching(check, watch)) for check in witnesses]
    outcomes += [_rate(rate, report, _watching(rate, watch)) for rate in entry.rates]
    outcomes += [_passes(report, f"counterexample {i}", _agrees(c)) for i, c in enumerate(entry.counterexamples, 1)]
    if not all(outcomes):
        return FAIL
    if isinstance(entry.witnesses, Absent) and entry.witnesses.pending:
        return PENDING
    return PASS if watch.shipped else MATHEMATICS if [*witnesses, *entry.rates] else NONE


def _watching(check: Witness | Rate, watch: Watch) -> Watch:
    """What a check is watched by: one that says it is mathematics alone is none on shipped code, whatever it runs."""
    return watch if check.shipped else Watch()


def _witness(check: Witness, report: Report, watch: Watch) -> bool:
    holds = _passes(report, check.name, lambda: attempt.witness(check, check.claim, wrong=False, watch=watch))
    trials = ((name, _trial(check, formula)) for name, formula in check.wrong.items())
    return _reject(report, check.name, trials) and holds


def _trial(check: Witness, formula: object) -> Callable[[], None]:
    return lambda: attempt.witness(check, formula, wrong=True)


def _rate(rate: Rate, report: Report, watch: Watch) -> bool:
    errors: list[float] = []

    def run() -> None:
        errors.extend(watch(lambda: [float(rate.error(scale)) for scale in rate.scales]))
        report.figures[rate.name] = attempt.slope(rate, errors)
        attempt.asymptote(rate, rate.claim, errors)

    holds = _passes(report, rate.name, run)
    trials = ((name, _misfit(rate, name, errors)) for name in rate.wrong)
    return _reject(report, rate.name, trials) and holds


def _misfit(rate: Rate, name: str, errors: list[float]) -> Callable[[], None]:
    return lambda: attempt.asymptote(rate, rate.wrong[name], errors)


def _agrees(example: Counterexample) -> Callable[[], None]:
    def run() -> None:
        computed = example.compute()
        if computed.keys() != example.numbers.keys():
            raise AssertionError(f"figures {sorted(computed)} are not those stated: {sorted(example.numbers)}")
        for name, stated in example.numbers.items():
            if not abs(computed[name] - stated) <= example.tolerance:
                raise AssertionError(f"{name} is {computed[name]:.10g}, the text says {stated:.10g}")

    return run


def _passes(report: Report, name: str, trial: Callable[[], None]) -> bool:
    try:
        trial()
    except Exception as fault:  # the report of a ledger must show every entry, whatever broke in one
        report.faults.append(f"{name}: {_line(fault)}")
        return False
    return True


def _reject(report: Report, name: str, trials: Iterator[tuple[str, Callable[[], None]]]) -> bool:
    sound = True
    for variant, trial in trials:
        report.falsifiers += 1
        try:
            refutation = attempt.refuted(trial)
        except Exception as fault:  # a crash refutes nothing
            report.faults.append(f"{name}: the wrong variant {variant!r} broke the check: {_line(fault)}")
            sound = False
            continue
        if refutation is None:
            report.faults.append(f"{name}: the wrong variant {variant!r} passed")
            sound = False
        else:
            report.rejected += 1
            report.rejections[f"{name}: {variant}"] = refutation
    return sound


def _line(fault: BaseException) -> str:
    notes = [note for note in getattr(fault, "__notes__", []) if "Falsifying" in note]
    where = traceback.extract_tb(fault.__traceback__)[-1]
    first = (str(fault).strip() or type(fault).__name__).splitlines()
    text = " ".join(first[:6])
    return " ".join([f"{type(fault).__name__} at {where.filename.rsplit('/', 1)[-1]}:{where.lineno}: {text}", *notes])
