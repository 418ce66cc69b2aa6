"""The results without LaTeX: every number and every table of the reports as Markdown, beside the figures."""

from collections.abc import Sequence

from continuum.analysis.tables import markdown
from paper import modules
from paper.number import Number
from paper.results import Results

LONG = 60
"""Longer tables are left to their files."""


def page(results: Results, numbers: Sequence[Number]) -> str:
    """The page; formulas stay LaTeX between dollar signs."""
    parts = ["# Results", f"From the presets `{results.preset}`."]
    parts += [f"## {name}\n\n![{name}](figures/{name}.png)" for name, _ in modules.found("figures")]
    for name in results.runs:
        run = results.run(name)
        for table, frame in run.tables.items():
            if table not in run.manifest["tables"] and len(frame) <= LONG:
                parts.append(f"## {name}: {table}\n\n{markdown(frame)}")
    parts += ["## Numbers of the text", "| macro | value | source |\n|---|---|---|\n" + "\n".join(map(_row, numbers))]
    return "\n\n".join(parts) + "\n"


def _row(number: Number) -> str:
    value, source = (text.replace("|", "\\|") for text in (number.value, number.source))
    return f"| `{number.name}` | {value} | {source} |"
