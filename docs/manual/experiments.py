"""What each experiment's page includes: its predictions, its figures and its verdicts."""

import ast
import json
import re
from pathlib import Path

import pandas as pd

from manual.files import EXPERIMENTS, RESULTS, ROOT, dropdown, write
from manual.tables import markdown

#: Tables of verdicts by run, and those that are long and unfold.
VERDICTS = {
    "integer_crossing": ["predictions", "identities"],
    "capacity_signal": ["predictions"],
    "soft_vs_fuzzy": ["verdicts", "gates"],
    "recruitment": ["predictions"],
    "recruitment_adaptive": ["predictions"],
    "learned_width_perspective": ["perspective_claims"],
    "learned_width": ["readings", "targets"],
    "learned_width_peers": ["readings", "targets", "peers"],
    "learned_width_pool": ["pool_claims", "pool_spread"],
    "learned_width_tabular": ["targets", "readings", "parts", "ranks"],
}
UNFOLDED = {
    "integer_crossing": ["landings", "journeys", "dropped"],
    "capacity_signal": ["measured", "ranks", "seen", "kinks", "kinks_seen"],
    "soft_vs_fuzzy": ["ratios", "predictions"],
    "recruitment": ["tasks", "contrasts", "recruitment"],
    "recruitment_adaptive": ["contrasts", "recruitment"],
    "learned_width": ["tasks", "methods", "splits"],
    "learned_width_perspective": ["perspective_tasks"],
    "learned_width_pool": ["pool_widths", "pool_parts", "pool_shares"],
    "learned_width_tabular": ["tasks", "rounding", "calibration", "birth", "clock", "splits", "methods"],
}


def generate(folder: Path, figures: dict[str, list[Path]]) -> None:
    """Write the predictions, the figures and the tables of each experiment."""
    for name in EXPERIMENTS:
        write(folder / f"{name}_predictions.md", _predictions(name))
        runs = [run for run in figures if run.startswith(name)]
        pictures = [_figure(path) for run in runs for path in figures[run]]
        write(folder / f"{name}_figures.md", "\n".join(pictures))
        write(folder / f"{name}_verdicts.md", "\n".join(_verdicts(run) for run in runs))


def _predictions(name: str) -> str:
    """The preregistration beside the experiment; the docstring of the module where there is none."""
    path = ROOT / "experiments" / name / "PREDICTIONS.md"
    if path.is_file():
        title, _, body = path.read_text().partition("\n")
        return (body if title.startswith("# ") else f"{title}\n{body}").strip() + "\n"
    docstring = ast.get_docstring(ast.parse((ROOT / "experiments" / name / "__init__.py").read_text())) or ""
    # The page has asked the question of the first paragraph; bars are norms, not substitutions.
    parts = re.split(r"(`[^`]*`)", docstring.partition("\n\n")[2])
    text = "".join(part if n % 2 else part.replace("|", r"\|") for n, part in enumerate(parts))
    return f"````{{eval-rst}}\n{text}\n````\n"


def _figure(path: Path) -> str:
    """A figure under a path from the root of the pages."""
    place = f"/_generated/figures/{path.parent.name}/{path.name}"
    return f":::{{figure}} {place}\n:alt: {path.stem.replace('_', ' ')}\n\n`{path.stem}`\n:::\n"


def _verdicts(run: str) -> str:
    """The manifest in a line, then the recorded tables."""
    manifest = json.loads((RESULTS / run / "manifest.json").read_bytes())
    parts = [f"Recorded run: `{manifest['command']}` (`paper/results/{run}`)."]
    parts += [f"`{name}.csv`:\n\n{markdown(compact(_read(run, name)))}" for name in VERDICTS.get(run, [])]
    parts += [dropdown(f"`{name}.csv`", markdown(_read(run, name))) for name in UNFOLDED.get(run, [])]
    return "\n\n".join(parts) + "\n"


def compact(tests: pd.DataFrame) -> pd.DataFrame:
    """Without what a reader can do without, and both ends of an interval in one column."""
    if not {"low", "high"} <= set(tests) or not {"measured", "estimate", "sd"} & set(tests):
        return tests
    ends = "[" + tests["low"].map("{:.4g}".format) + ", " + tests["high"].map("{:.4g}".format) + "]"
    dropped = ["low", "high", "outside_95", "least_p_holm", "test", "p_within", "p_beyond"]
    shown = tests.drop(columns=dropped, errors="ignore")
    estimate = next(name for name in ("measured", "estimate", "sd") if name in shown)
    shown.insert(list(shown).index(estimate) + 1, "95 % interval", ends)
    return shown


def _read(run: str, name: str) -> pd.DataFrame:
    return pd.read_csv(RESULTS / run / f"{name}.csv")
