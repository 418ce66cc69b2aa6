"""The ledger as a table in the terminal, in Markdown, and in LaTeX."""

import re
from collections.abc import Iterator, Sequence
from itertools import cycle

from rich.box import SIMPLE_HEAD
from rich.table import Table

from proofs_checks.identity import Identity
from proofs_checks.prove import FAIL, MATHEMATICS, PASS, PENDING, Report

#: Statuses in LaTeX.
MARKS = {PASS: r"$\checkmark$", FAIL: r"$\times$", MATHEMATICS: "math"}
CAPTION = "symbolic (checked steps); witness: pass is on shipped code; falsifiers rejected/tried"
#: Heads of the columns.
HEADS = ("id", "source", "claim", "verdict", "symbolic", "witness", "falsifiers", "s")


def cells(report: Report) -> tuple[str, ...]:
    """One row, as text; falsifiers are rejected/tried."""
    falsifiers = f"{report.rejected}/{report.falsifiers}" if report.falsifiers else "-"
    symbolic = f"{report.symbolic} ({report.steps})" if report.steps else report.symbolic
    claim = (report.id, report.source, report.title, report.verdict)
    return (*claim, symbolic, report.witness, falsifiers, f"{report.seconds:.1f}")


def terminal(reports: Sequence[Report]) -> Table:
    """For rich: what failed is red, what has no shipped code yet is yellow."""
    table = Table(box=SIMPLE_HEAD, caption=CAPTION, padding=(0, 1, 0, 0))
    for head in HEADS:
        wraps = head in ("claim", "verdict")
        table.add_column(head, justify="right" if head == "s" else "left", no_wrap=not wraps, min_width=10 * wraps)
    for report in reports:
        style = "red" if not report.sound else "yellow" if PENDING in (report.symbolic, report.witness) else ""
        table.add_row(*cells(report), style=style)
    return table


def summary(reports: Sequence[Report]) -> str:
    """One line: how many claims have each kind of evidence, and which have it not.

    >>> summary([
    ...     Report("A01", "t", "DFM", "holds", symbolic="pass", steps=3, witness="pass", falsifiers=2, rejected=2),
    ...     Report("A02", "t", "DFM", "open", symbolic="pass", steps=1, witness="mathematics"),
    ... ])
    '2 claims (1 holds, 1 open): 2 derived, 1 witnessed on shipped code (not A02), 1 attacked (not A02), 0 pending; \
2 of 2 wrong variants rejected; 0 fail'
    """
    counts: dict[str, int] = {}
    for report in reports:
        counts[report.verdict] = counts.get(report.verdict, 0) + 1
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    kinds = ", ".join(
        _having(reports, words, kind)
        for words, kind in (
            ("derived", "derived"),
            ("witnessed on shipped code", "witnessed"),
            ("attacked", "attacked"),
        )
    )
    pending = sum(PENDING in (r.symbolic, r.witness) for r in reports)
    rejected, tried = sum(r.rejected for r in reports), sum(r.falsifiers for r in reports)
    return (
        f"{len(reports)} claim{'s' * (len(reports) != 1)} ({verdicts}): {kinds}, {pending} pending; "
        f"{rejected} of {tried} wrong variants rejected; {sum(not r.sound for r in reports)} fail"
    )


def _having(reports: Sequence[Report], words: str, kind: str) -> str:
    """How many claims have this kind of evidence, and the names of those that have not."""
    without = [report.id for report in reports if not getattr(report, kind)]
    names = f" (not {', '.join(without)})" if without else ""
    return f"{len(reports) - len(without)} {words}{names}"


def markdown(reports: Sequence[Report]) -> str:
    """A table, and under it what failed."""
    rows = [HEADS, tuple("-" * len(head) for head in HEADS), *(cells(report) for report in reports)]
    table = "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |" for row in rows)
    return f"{table}\n\n{summary(reports)}\n"


def latex(entries: Sequence[Identity], reports: Sequence[Report]) -> str:
    """A longtable (packages longtable, booktabs, amsmath, amssymb): claim as it is true, verdict, evidence."""
    head = r"id & claim & verdict & derived & witnessed & rejected \\"
    body = "\n".join(_latex_row(entry, report) for entry, report in zip(entries, reports, strict=True))
    columns = r"{@{}l p{0.52\linewidth} p{0.12\linewidth} l l r@{}}"
    start, stop = rf"\begin{{longtable}}{columns}" + "\n" + r"\toprule", r"\bottomrule" + "\n" + r"\end{longtable}"
    return f"{start}\n{head}\n\\midrule\n\\endhead\n{body}\n{stop}\n"


def _latex_row(entry: Identity, report: Report) -> str:
    statement = rf"\textbf{{{_escaped(entry.title)}.}} {_escaped(' '.join(entry.precise.split()))}"
    marks = [MARKS.get(status, status) for status in _evidence(report)]
    falsifiers = f"{report.rejected}/{report.falsifiers}" if report.falsifiers else "--"
    return " & ".join([entry.id, statement, str(entry.verdict), *marks, falsifiers]) + r" \\"


def _evidence(report: Report) -> tuple[str, str]:
    return report.symbolic, report.witness


def _escaped(text: str) -> str:
    """Escape for LaTeX what stands outside of the dollar signs, and turn Markdown's emphasis into its own.

    >>> print(_escaped("5 % of $a_k^*$, `kappa_0`, *all of $b$*"))
    5 \\% of $a_k^*$, \\texttt{kappa\\_0}, \\emph{all of $b$}
    """
    parts, stars = text.split("$"), cycle((r"\emph{", "}"))
    return "$".join(part if i % 2 else _prose(part, stars) for i, part in enumerate(parts))


def _prose(text: str, stars: Iterator[str]) -> str:
    for character in "%&#_":
        text = text.replace(character, "\\" + character)
    parts = text.split("`")
    emphasised = (part if i % 2 else re.sub(r"\*", lambda _: next(stars), part) for i, part in enumerate(parts))
    return "".join(rf"\texttt{{{part}}}" if i % 2 else part for i, part in enumerate(emphasised))
