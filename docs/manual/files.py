"""Where things lie, and how pages are written."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "paper" / "results"
#: In the order of the argument: each asks what the one before left open.
EXPERIMENTS = (
    "gamma_sweep",
    "integer_crossing",
    "capacity_signal",
    "soft_vs_fuzzy",
    "recruitment",
    "learned_width",
    "benchmark_table",
)


def write(path: Path, text: str) -> None:
    """Write a page unless it says so already: Sphinx reads again what is newer."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_text() != text:
        path.write_text(text)


def dropdown(title: str, body: str) -> str:
    """Markdown that unfolds."""
    return f"::::{{dropdown}} {title}\n{body}\n::::\n"
