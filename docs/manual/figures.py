"""The figures of the recorded results, drawn by the functions that the experiments and the paper draw with."""

import hashlib
import json
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import patch

from manual.files import RESULTS, ROOT

PAPER = "paper"
#: Pages show PNG alone; the other half of the time would go into PDF.
ONLY_PNG = {"png": {"Software": None}}


def draw(folder: Path) -> dict[str, list[Path]]:
    """Draw each run's figures and the paper's into ``folder/NAME``; return the paths by name of the run."""
    names = [path.parent.name for path in sorted(RESULTS.glob("*/manifest.json"))] + [PAPER]
    old = [name for name in names if not _current(folder / name, name)]
    if old:
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            list(pool.map(_draw, [folder / name for name in old], old))
    return {name: sorted((folder / name).glob("*.png")) for name in names}


def sources(name: str) -> list[Path]:
    """What the figures of a run depend on: its tables, and the code that draws them."""
    if name == PAPER:
        manifests = sorted(RESULTS.glob("*/manifest.json"))
        return [*manifests, *_code("paper"), *_code("continuum/analysis")]
    manifest = RESULTS / name / "manifest.json"
    experiment = json.loads(manifest.read_bytes())["experiment"]
    return [manifest, *_code(f"experiments/{experiment}"), *_code("continuum/analysis")]


def _code(folder: str) -> Iterable[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def _key(name: str) -> str:
    sums = [hashlib.sha256(path.read_bytes()).hexdigest() for path in sources(name)]
    return hashlib.sha256("\n".join(sums).encode()).hexdigest()


def _current(folder: Path, name: str) -> bool:
    stamp = folder / "sources.sha256"
    return stamp.is_file() and stamp.read_text() == _key(name)


def _draw(folder: Path, name: str) -> None:
    from continuum.analysis import style

    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    with patch.object(style, "NO_METADATA", ONLY_PNG):
        if name == PAPER:
            _draw_paper(folder)
        else:
            _draw_run(folder, name)
    (folder / "sources.sha256").write_text(_key(name))


def _draw_run(folder: Path, name: str) -> None:
    from continuum.exp.report.figures import redraw
    from continuum.exp.report.run import finished

    redraw(finished(RESULTS / name), folder)


def _draw_paper(folder: Path) -> None:
    from continuum.analysis.style import PRINT, save
    from paper.generate import drawn
    from paper.results import Results

    for name, figure in drawn(Results(RESULTS)):
        save(figure, folder, name, PRINT)
