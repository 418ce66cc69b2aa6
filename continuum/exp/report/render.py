"""Data into one HTML file: the template with style, script and data put in.

The page fetches nothing, and its content security policy says so: only the script and the style below may run, by
their hash. What is in the data reaches the document as text only.
"""

import base64
import hashlib
import html
import json
from collections.abc import Iterable, Mapping
from importlib.resources import files
from string import Template
from typing import Any

import numpy as np
import pandas as pd

from continuum.analysis.style import OKABE_ITO

#: What could end a script element or start another, and two line ends that no string of old JavaScript may hold.
UNSAFE = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}
#: Style sheets of a page in their order: the narrow screen comes last.
STYLES = ("picture.css", "page.css")
#: Scripts of a page, each after those that it calls.
SCRIPTS = ("dom.js", "scale.js", "chart.js", "layer.js", "kink.js", "table.js", "head.js", "play.js", "page.js")


def embedded(data: object) -> str:
    r"""Return ``data`` as JSON that may stand inside a script element, whatever its strings hold.

    >>> embedded({"label": "</script>"})
    '{"label":"\\u003c/script\\u003e"}'
    """
    return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).translate(UNSAFE)


def columns(frame: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Return a frame by column, ready for JSON: ``values``, or ``levels`` and ``codes`` where values recur.

    Floats keep every bit, a missing value is None, an infinite one 'inf' or '-inf'.

    >>> columns(pd.DataFrame({"task": ["iris"] * 4, "loss": [0.5, float("nan"), 0.25, 2.0]}))["task"]
    {'levels': ['iris'], 'codes': [0, 0, 0, 0]}
    """
    encoded = {}
    for name in frame.columns:
        codes, levels = pd.factorize(frame[name], use_na_sentinel=False)
        if 4 * len(levels) <= len(frame):
            encoded[str(name)] = {"levels": [entry(level) for level in levels], "codes": codes.tolist()}
        else:
            encoded[str(name)] = {"values": [entry(value) for value in frame[name]]}
    return encoded


def entry(value: Any) -> Any:
    """Return one value of a table as JSON has it.

    >>> entry(np.float32(0.5)), entry(np.nan), entry(-np.inf), entry(np.int64(3))
    (0.5, None, '-inf', 3)
    """
    value = value.item() if isinstance(value, np.generic) else value
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, float) and not np.isfinite(value):
        return None if np.isnan(value) else str(value)
    return value


def render(page: Mapping[str, Any]) -> str:
    """Return the HTML file of ``page``; its ``title`` and ``lead`` stand in the head, too."""
    style, script = style_of(STYLES), _joined(SCRIPTS)
    return Template(_joined(["page.html"])).substitute(
        title=html.escape(str(page["title"])),
        lead=html.escape(str(page["lead"])),
        policy=f"default-src 'none'; img-src data:; style-src {source_of(style)}; script-src {source_of(script)}",
        style=style,
        script=script,
        data=embedded(page),
    )


def style_of(names: Iterable[str], more: str = "") -> str:
    """Return style sheets of the page as one, with the colours of the figures put in, and ``more`` behind them."""
    colours = {f"colour{n}": colour for n, colour in enumerate(OKABE_ITO)}
    return Template(_joined(names)).substitute(colours) + more


def _joined(names: Iterable[str]) -> str:
    folder = files("continuum.exp.report") / "page"
    return "".join((folder / name).read_text(encoding="utf-8") for name in names)


def source_of(text: str) -> str:
    """Return what a content security policy calls an inline style or script: its hash."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
