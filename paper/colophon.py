"""Where the paper comes from: a last page of runs, machines, versions and commits, and what marks a quick one."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from paper.results import Results
from paper.tex import escape, tabular

#: Digits of a commit.
COMMIT = 10
#: What tells a quick paper from the real one, on every page.
WATERMARK = r"""\usepackage{graphicx,xcolor}
\AddToHook{shipout/background}{%
  \put(0.5\paperwidth,-0.5\paperheight){\makebox(0,0){%
    \rotatebox{55}{\fontsize{64}{64}\selectfont\sffamily\bfseries\color{black!5}QUICK PRESET}}}%
  \put(0.5\paperwidth,-11mm){\makebox(0,0){%
    \small\sffamily\color{black!60}From the quick presets: the numbers show the form, not the findings.}}}
"""

#: Set smaller only where it is wider than the page.
FITTED = "\\begin{{adjustbox}}{{max width=\\linewidth}}\n{}\\end{{adjustbox}}\n"


def latex(results: Results) -> str:
    """A table of the runs, and below it what they have in common."""
    manifests = {name: results.manifest(name) for name in results.runs}
    rows = [_row(results, name, manifest) for name, manifest in manifests.items()]
    head = ("run", "configuration", "seeds", "cells", "computing", "wall time", "finished", "commit")
    table = tabular("lllrrrll", head, rows)
    lines = [
        f"Presets: \\texttt{{{escape(results.preset)}}}; {_ledger(results)}.",
        f"Versions: {_listed(_versions(manifest) for manifest in manifests.values())}.",
        f"Machine: {_listed(_machine(manifest) for manifest in manifests.values())}.",
        "Computing time is the wall clock of the cells of a run, summed, where other work may have run beside;",
        "wall time is that of the command, from its last start; a commit with $+$ had changes beside it.",
    ]
    start, middle, end = (
        "\\paragraphhead{How it was computed.}\\par\\medskip\n{\\small\\setlength{\\tabcolsep}{4pt}\\noindent\n",
        "\\par\\medskip\\noindent\n",
        "\\par}\n",
    )
    return start + FITTED.format(table) + middle + "\n".join(lines) + end


def _row(results: Results, name: str, manifest: Mapping[str, Any]) -> list[str]:
    seeds = manifest["seeds"]
    shown = "as configured" if seeds is None else str(seeds) if isinstance(seeds, int) else ", ".join(map(str, seeds))
    return [
        f"\\texttt{{{escape(name)}}}",
        f"\\texttt{{{results.runs[name].run_id()}}}",
        escape(shown),
        str(len(manifest["cells"])),
        duration(results.seconds(name)),
        duration(_wall(manifest)),
        str(manifest["finished"])[:10],
        ", ".join(sorted({_commit(source) for source in manifest["source"].values()})),
    ]


def _wall(manifest: Mapping[str, Any]) -> float:
    started, finished = (datetime.fromisoformat(manifest[name]) for name in ("started", "finished"))
    return (finished - started).total_seconds()


def duration(seconds: float) -> str:
    r"""Seconds for people, in LaTeX.

    >>> duration(41.7), duration(600), duration(7300)
    ('42\\,s', '10\\,min', '2\\,h\\,02\\,min')
    """
    if seconds < 99:
        return f"{seconds:.0f}\\,s"
    minutes = round(seconds / 60)
    return f"{minutes}\\,min" if minutes < 99 else f"{minutes // 60}\\,h\\,{minutes % 60:02}\\,min"


def _commit(source: Mapping[str, Any] | None) -> str:
    if source is None:
        return "none"
    return f"\\texttt{{{source['commit'][:COMMIT]}}}" + ("$+$" if source["dirty"] else "")


def _ledger(results: Results) -> str:
    entries = results.ledger
    tried, rejected = (sum(entry[name] for entry in entries) for name in ("falsifiers", "rejected"))
    return f"ledger: {len(entries)} entries, {rejected} of {tried} wrong variants rejected"


def _versions(manifest: Mapping[str, Any]) -> str:
    return escape(", ".join(f"{name} {version}" for name, version in manifest["versions"].items()))


def _machine(manifest: Mapping[str, Any]) -> str:
    machine = manifest["machine"]
    return escape(f"{machine['cpu']}, {machine['cores']} cores, {machine['platform']}")


def _listed(texts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(texts))


def status(results: Results) -> str:
    """The watermark of a quick paper; nothing for the real one."""
    return WATERMARK if results.quick else ""
