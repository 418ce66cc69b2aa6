"""One entry as a page of Markdown."""

import inspect

from proofs_checks.identity import Absent, Asymptote, Identity
from proofs_checks.prove import Report
from proofs_checks.sources import SOURCES


def page(entry: Identity, report: Report | None = None) -> str:
    """Statement, proof, counterexamples, references, and with a report the figures."""
    parts = [f"# {entry.id} {entry.title}", f"*{SOURCES[entry.source]}*; {entry.place}."]
    if entry.printed:
        parts += ["## In short" if entry.source == "here" else "## As printed", entry.printed]
    parts += [f"## Verdict: {entry.verdict}", entry.precise, "## Proof", entry.proof]
    if entry.document:
        parts.append(f"The complete proof stands in `proofs_checks/theorems/{entry.document}`.")
    if entry.counterexamples:
        parts += ["## Counterexamples", *(f"- {' '.join(example.text.split())}" for example in entry.counterexamples)]
    parts += ["## Evidence", *_evidence(entry)]
    if entry.references:
        parts += ["## References", "\n".join(f"- {reference}" for reference in entry.references)]
    if report is not None:
        parts += ["## What the checks saw", *_seen(report)]
    return "\n\n".join(parts) + "\n"


def _evidence(entry: Identity) -> list[str]:
    if isinstance(entry.symbolic, Absent):
        lines = [f"- Symbolic: {'pending, ' * entry.symbolic.pending}{entry.symbolic.reason}"]
    else:
        lines = [f"- Symbolic: {_first_line(entry.symbolic)}"]
    if isinstance(entry.witnesses, Absent):
        lines.append(f"- Witness: {'pending, ' * entry.witnesses.pending}{entry.witnesses.reason}")
    else:
        lines += [f"- Witness: {w.name}. Must be rejected: {'; '.join(w.wrong)}." for w in entry.witnesses]
    lines += [f"- Rate: {r.name}: {_power(r.claim)}. Must be rejected: {'; '.join(r.wrong)}." for r in entry.rates]
    return ["\n".join(lines)]


def _power(claim: Asymptote) -> str:
    constant = "" if claim.constant is None else f", constant {claim.constant:.6g}"
    return f"order {claim.order:g}{constant}"


def _first_line(derive: object) -> str:
    return (inspect.getdoc(derive) or "a derivation").splitlines()[0].rstrip(".") + "."


def _seen(report: Report) -> list[str]:
    lines = [f"- {name}: fitted order {order:.5f}" for name, order in report.figures.items()]
    lines += [f"- rejected: {variant}: {why}" for variant, why in report.rejections.items()]
    lines += [f"- FAIL: {fault}" for fault in report.faults]
    return ["\n".join([f"- {report.steps} symbolic steps, {report.seconds:.1f} s", *lines])]
