"""The preview as one HTML file: no script, one style, which the content security policy names by its hash.

What is in the file reaches the document as text only.
"""

import html
from collections.abc import Iterator
from importlib.resources import files
from string import Template

from continuum.data.columns.description import Bars, Described, Description
from continuum.data.reading.limits import shown
from continuum.exp.preview.terminal import chosen, examples, percent, summary, use
from continuum.exp.report.render import source_of, style_of

#: Columns that the page shows; a browser is slow beyond.
MOST = 1000
#: Style sheets of the other page that are used here, and the one behind them.
STYLES, OWN = ("picture.css", "page.css"), "preview.css"


def rendered(seen: Described) -> str:
    """Return the HTML file.

    >>> from continuum.data import load
    >>> from continuum.data.columns.description import described_task
    >>> "<script" in rendered(described_task(load("iris")))
    False
    """
    folder = files("continuum.exp.preview") / "page"
    style = style_of(STYLES, (folder / OWN).read_text(encoding="utf-8"))
    return Template((folder / "preview.html").read_text(encoding="utf-8")).substitute(
        title=html.escape(shown(seen.where.replace("\\", "/").rpartition("/")[2], 80)),
        where=html.escape(shown(seen.where, 300)),
        lead=html.escape(f"{seen.rows:,} rows, {len(seen.columns):,} columns"),
        policy=f"default-src 'none'; img-src data:; style-src {source_of(style)}",
        style=style,
        body="\n".join(_body(seen)),
    )


def _body(seen: Described) -> Iterator[str]:
    if seen.error is not None:
        yield f'<p class="error" role="alert"><strong>Refused.</strong> {_text(str(seen.error), 2000)}</p>'
    first, *told = [*summary(seen)] if seen.task is not None else ["", *summary(seen)]
    if first or told:
        yield f'<section aria-labelledby="told"><h2 id="told">{"The task" if first else "What was found"}</h2>'
        yield f"<p>{_text(first, 300)}</p>"
        yield f'<ul class="told">{"".join(f"<li>{_text(note[2:], 400)}</li>" for note in told)}</ul></section>'
    yield '<section aria-labelledby="columns"><h2 id="columns">Columns</h2><ol class="columns">'
    columns = chosen(seen.columns, MOST)
    for column in columns:
        yield _column(column, seen)
    yield "</ol>"
    if len(seen.columns) > len(columns):
        yield f'<p class="note">and {len(seen.columns) - len(columns):,} more</p>'
    yield "</section>"


def _column(column: Description, seen: Described) -> str:
    kind = "refused" if column.error is not None else "left" if column.use == "left out" else ""
    kind += " target" if column.name == seen.target else ""
    missing = f", {percent(column.missing)} missing" if column.missing else ""
    return (
        f'<li class="{kind.strip()}"><div><h3>{_text(column.name, 80)}</h3>'
        f'<p class="facts">{column.sort}{missing}, {column.distinct:,} distinct</p></div>'
        f'<div><p class="use">{_text(use(column), 500)}</p><p>{_text(examples(column), 200)}</p></div>'
        f"<div>{_picture(column.bars) if column.bars is not None else ''}</div></li>"
    )


def _picture(bars: Bars) -> str:
    return _levels(bars) if bars.labels else _histogram(bars)


def _histogram(bars: Bars) -> str:
    most, width = max(bars.counts), 240 / len(bars.counts)
    marks = "".join(
        f'<rect x="{i * width:.2f}" y="{50 - 50 * count / most:.2f}" width="{width - 1:.2f}" '
        f'height="{50 * count / most:.2f}"/>'
        for i, count in enumerate(bars.counts)
        if count
    )
    label = f"rows from {bars.ends[0]} to {bars.ends[1]}, at most {most:,} per bar"
    return (
        f'<svg class="histogram" viewBox="0 0 240 50" preserveAspectRatio="none" role="img" aria-label="{label}">'
        f'{marks}</svg><p class="ends"><span>{bars.ends[0]}</span><span>{bars.ends[1]}</span></p>'
    )


def _levels(bars: Bars) -> str:
    most = max(bars.counts)
    rows = "".join(
        f'<dt>{_text(label, 24)}</dt><dd><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect width="{100 * count / most:.2f}" height="10"/></svg></dd><dd>{count:,}</dd>'
        for label, count in zip(bars.labels, bars.counts, strict=True)
    )
    return f'<dl class="levels">{rows}</dl>'


def _text(text: str, most: int) -> str:
    return html.escape(shown(text, most))
