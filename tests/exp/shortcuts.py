"""What makes a run cheap where a test is about something else: cells in threads, figures as sketches."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from continuum.analysis import style
from continuum.exp import runner


@contextmanager
def threads() -> Iterator[None]:
    """Compute cells in threads of this process: a worker would import all of torch and scikit-learn first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "execute", partial(runner.execute, factory=ThreadPoolExecutor))
        yield


@contextmanager
def sketches(experiment: ModuleType, names: Sequence[str] = ("score", "derivative")) -> Iterator[None]:
    """Let the experiment write small files for figures: drawing takes seconds, most of them for letters."""

    def draw(tables: Mapping[str, pd.DataFrame], folder: Path) -> list[Path]:
        paths = [folder / f"{name}.{kind}" for name in names for kind in ("png", "pdf")]
        for path in paths:
            path.write_bytes(path.name.encode() + bytes(tables["results"].shape))
        return paths

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(experiment, "draw", draw)
        yield


@contextmanager
def coarse() -> Iterator[None]:
    """Draw by the experiment's own code, with letters, dots and layout that cost a third of the time."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"pdf.fonttype": 3, "savefig.dpi": 40, "figure.constrained_layout.use": False}.items():
            patch.setitem(style.STYLE, name, value)
        yield
