"""What an entry of the ledger is: a claim, what is true of it, and the evidence."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from proofs_checks.derivation import Derivation
from proofs_checks.sources import SOURCES

#: In the name of a check that compares two computations of the ledger's own.
ALONE = "mathematics alone"


class Verdict(StrEnum):
    """What is true of a claim."""

    HOLDS = "holds"
    ALMOST_EVERYWHERE = "almost everywhere"
    CORRECTED = "corrected"
    FALSE = "false"
    OPEN = "open"


@dataclass(frozen=True)
class Absent:
    """No check of this kind, and the reason: there is nothing to check, or (``pending``) no shipped code yet."""

    reason: str
    pending: bool = False


@dataclass(frozen=True, kw_only=True)
class Witness:
    """A check that the claim must pass on the shipped code, and that every wrong variant must fail.

    ``check(formula, **drawn)`` compares ``formula`` with what the shipped functions of ``continuum`` give, and raises
    ``AssertionError`` where they differ; any other exception is an error of the check itself, also for a wrong
    variant. ``given`` names the strategies whose values it takes. Where the shipped code does not contain what the
    claim is about, a witness may compare two computations of the ledger's own; its name then says "mathematics alone".

    Attributes:
        name: what is compared with what, in a few words.
        claim: the formula as the ledger states it.
        wrong: plausible variants, by name; the same check must reject each one.
        examples: number of drawn inputs.
    """

    name: str
    check: Callable[..., None]
    claim: Any
    wrong: Mapping[str, Any]
    given: Mapping[str, Any] = field(default_factory=dict)
    examples: int = 25

    @property
    def shipped(self) -> bool:
        """Whether it is said to run shipped code: the name of one that does not says so."""
        return ALONE not in self.name


@dataclass(frozen=True)
class Asymptote:
    r"""error :math:`\approx` constant :math:`\cdot s^{order}`; without a constant only the order is claimed."""

    order: float
    constant: float | None = None


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How fast a limit is approached: the slope of log|error| against log s, by least squares.

    Attributes:
        name: the error, and the scale s that it is a function of.
        scales: values of s, from far to near; the constant is compared at the last one.
        error: signed error at a scale, computed by the shipped functions.
        claim: order (and constant) that the ledger states.
        wrong: asymptotes that the same figures must reject.
        tolerance: absolute, of the order.
        relative: of the constant.
    """

    name: str
    scales: Sequence[float]
    error: Callable[[float], float]
    claim: Asymptote
    wrong: Mapping[str, Asymptote]
    tolerance: float = 0.05
    relative: float = 0.02

    @property
    def shipped(self) -> bool:
        """Whether it is said to run shipped code: the name of one that does not says so."""
        return ALONE not in self.name


@dataclass(frozen=True, kw_only=True)
class Counterexample:
    """Numbers that refute a claim, small enough for a reader to recompute by hand.

    Attributes:
        text: the example in words and LaTeX, with its numbers.
        numbers: the figures that the text states, by name.
        compute: computes the same figures, where it can by the shipped functions.
        tolerance: absolute; half a unit of the last digit that the text shows.
    """

    text: str
    numbers: Mapping[str, float]
    compute: Callable[[], Mapping[str, float]]
    tolerance: float = 1e-9


@dataclass(frozen=True, kw_only=True)
class Identity:
    r"""One claim: as it was printed, as it is true, and the evidence.

    All texts are Markdown with LaTeX between dollar signs (the part of LaTeX that matplotlib's mathtext knows, so that
    a test can parse every formula).

    Attributes:
        id: such as ``A14`` or ``N3.2``; the name of the file starts with it.
        title: a few words.
        source: key into ``sources.SOURCES``; ``"here"`` for a result of our own.
        place: section, equation or display in the source.
        printed: what the source prints; for a result of our own its main formula, if one says it in short.
        precise: what is meant, with all assumptions, in a form that the verdict is about.
        verdict: what is true of it.
        proof: a few lines that a referee accepts; a longer one stands in ``document``.
        symbolic: returns derivations in sympy; each starts at the definitions and ends in the claim.
        witnesses: checks on the shipped code.
        rates: for limits.
        counterexamples: for claims that are false as printed.
        references: where it is known from, as citations.
        covers: modules of the shipped code whose formulas this entry checks.
        document: file in ``proofs_checks/theorems`` with the complete proof, if there is one.
    """

    id: str
    title: str
    source: str
    place: str
    printed: str
    precise: str
    verdict: Verdict
    proof: str
    symbolic: Callable[[], Sequence[Derivation]] | Absent
    witnesses: Sequence[Witness] | Absent
    rates: Sequence[Rate] = ()
    counterexamples: Sequence[Counterexample] = ()
    references: Sequence[str] = ()
    covers: Sequence[str] = ()
    document: str | None = None

    def statement(self) -> dict[str, str | None]:
        """What is claimed and where, as printed and as it is true, for JSON."""
        return {"place": self.place, "printed": self.printed, "precise": self.precise, "document": self.document}

    def __post_init__(self) -> None:
        """Refuse an entry without the evidence that its verdict needs."""
        faults = list(_faults(self))
        if faults:
            raise ValueError(f"{self.id}: {'; '.join(faults)}")


def _faults(entry: Identity) -> list[str]:
    witnesses = [] if isinstance(entry.witnesses, Absent) else list(entry.witnesses)
    checks: list[Witness | Rate] = [*witnesses, *entry.rates]
    rules = {
        f"source must be one of {', '.join(SOURCES)}": entry.source in SOURCES,
        "a claim found false needs a counterexample": entry.verdict is not Verdict.FALSE or entry.counterexamples,
        "witnesses must be some checks or Absent(reason)": isinstance(entry.witnesses, Absent) or witnesses,
        "each witness and rate needs a wrong variant that it rejects": all(check.wrong for check in checks),
        "precise and proof must not be empty": entry.precise and entry.proof,
        "an entry checked on shipped code names the modules that it covers": (
            entry.covers or not any(check.shipped for check in checks)
        ),
    }
    return [rule for rule, holds in rules.items() if not holds]
