"""The ledger as a table and in full, and the pages of theorems with links between them."""

import json
import re
from pathlib import Path
from typing import Any

from manual.files import RESULTS, ROOT, dropdown, write
from proofs_checks.sources import SOURCES

THEOREMS = ROOT / "proofs_checks" / "theorems"
#: A paragraph that is one formula: pages for readers of plain text have no other way to display it.
DISPLAYED = re.compile(r"\n\n\$([^$]+)\$([.,;]?)\n\n")
GROUPS = {
    "N1": "At the integer",
    "N2": "Capacity",
    "N3": "Geometry and price",
    "N4": "Random widths",
    "N5": "Evidence",
    "N6": "Norms",
    "N7": "Learning from tables",
    "N10": "Choosing a network",
}


def generate(folder: Path) -> None:
    """Write ``ledger.md``, ``theorems/*.md`` and their table of contents."""
    entries = json.loads((RESULTS / "ledger.json").read_bytes())["entries"]
    write(folder / "ledger.md", _ledger(entries))
    pages = {_label(path): path for path in sorted(THEOREMS.glob("n*.md"))}
    for path in pages.values():
        write(folder / "theorems" / path.name, linked(path.read_text(), pages))
    write(folder / "theorems.md", _contents(pages, entries))


def _label(path: Path) -> str:
    """``n3_5_price.md`` is N3.5."""
    first, second, *_ = path.stem.split("_")
    return f"{first.upper()}.{second}"


def linked(text: str, pages: dict[str, Path]) -> str:
    """The page with a link at each theorem that it names outside of headings, formulas and code."""

    def link(match: re.Match[str]) -> str:
        label = match[0]
        return f"[{label}]({pages[label].name})" if label in pages else label

    def body(block: str) -> str:
        block = DISPLAYED.sub(r"\n\n$$\n\1\2\n$$\n\n", block)
        parts = re.split(r"(\$\$[^$]*\$\$|\$[^$]*\$|`[^`]*`)", block)
        return "".join(part if n % 2 else re.sub(r"\bN\d+\.\d+", link, part) for n, part in enumerate(parts))

    sections = re.split(r"(^#.*$)", text, flags=re.MULTILINE)
    return "".join(part if n % 2 else body(part) for n, part in enumerate(sections))


def _contents(pages: dict[str, Path], entries: list[dict[str, Any]]) -> str:
    about = (
        "Each page has the setting, the statement, a complete proof, what the check saw, what is known from elsewhere,"
    )
    lines = ["# Theorems", "", about, "and the limits of the result.", ""]
    for group, title in GROUPS.items():
        lines += [f"## {title}", "", "```{toctree}", ":maxdepth: 1", ""]
        lines += [f"theorems/{path.stem}" for label, path in pages.items() if label.startswith(f"{group}.")]
        lines += ["```", ""]
    return "\n".join(lines)


def _ledger(entries: list[dict[str, Any]]) -> str:
    counts: dict[str, int] = {}
    for entry in entries:
        counts[entry["verdict"]] = counts.get(entry["verdict"], 0) + 1
    total, refused = sum(e["falsifiers"] for e in entries), sum(e["rejected"] for e in entries)
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    head = f"""# The ledger

{len(entries)} claims about continuous width ({verdicts}). {_having(entries, "symbolic")} are derived in sympy,
{_having(entries, "witness")} compared with the shipped functions over drawn inputs, and
{sum(0 < e["falsifiers"] == e["rejected"] for e in entries)} attacked: {refused} of {total} wrong variants were rejected
by the check that the claim itself passes. This page is made from `paper/results/ledger.json`, what
`python -m proofs_checks --json` printed.

{"".join(f"- {key}: {text}.{chr(10)}" for key, text in SOURCES.items())}
*Steps* counts those of the derivation; *shipped* says whether the claim was compared with the code that users get;
*variants* counts the wrong ones rejected, of all that were tried.

| | claim | source | verdict | steps | shipped | variants |
|---|---|---|---|---|---|---|
"""
    rows = [
        f"| [{e['id']}](#{_anchor(e)}) | {e['title']} | {e['source']} | {e['verdict']} | {e['steps'] or '–'} "
        f"| {'yes' if e['witness'] == 'pass' else '–'} | {e['rejected']}/{e['falsifiers']} |"
        for e in entries
    ]
    return head + "\n".join(rows) + "\n\n" + "\n".join(_entry(entry) for entry in entries)


def _having(entries: list[dict[str, Any]], kind: str) -> int:
    return sum(entry[kind] == "pass" for entry in entries)


def _anchor(entry: dict[str, Any]) -> str:
    return "claim-" + entry["id"].lower().replace(".", "-")


def _entry(entry: dict[str, Any]) -> str:
    proof = f"\n\nProof: [the theorem's page](theorems/{entry['document']})." if entry["document"] else ""
    text = f"({_anchor(entry)})=\n## {entry['id']} {entry['title']}\n\n"
    text += f"*{entry['verdict'].capitalize()}.* {entry['source']}, {entry['place']}.\n\n{entry['precise']}{proof}\n"
    if entry["printed"] and entry["verdict"] != "holds":
        text += "\n" + dropdown("As printed", entry["printed"])
    return text
