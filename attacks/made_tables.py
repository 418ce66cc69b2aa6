"""Small random tables whose task is known without reading a file."""

from dataclasses import dataclass

import numpy as np

#: Words of categories: with spaces, separators, quotes, accents, and what looks like other things.
WORDS = (
    *(
        "red",
        "dark blue",
        "green, pale",
        "a;b",
        "5more",
        "low|high",
        "née",
        "Žižkov",
        'said "no"',
        "x-ray",
        "no",
        "o'clock",
    ),
    *("<=50K", "+", "100% sure", "#1 choice", "ümlaut", "東京", "A & B", "tab\tbed"),
)
#: Names of columns.
NAMES = (
    "size",
    "Größe",
    "sepal length (cm)",
    "a,b",
    "x1",
    "petal;width",
    "time_s",
    "B",
    "weight/kg",
    "no. 5",
    "color",
    "%fat",
)
#: Names of targets.
TARGETS = ("target", "class", "quality", "y", "Outcome", "price in €")


@dataclass(frozen=True)
class MadeTable:
    """Cells as text ("" where missing), the target last; and the task in them."""

    names: list[str]
    rows: list[list[str]]
    kind: str
    features: np.ndarray
    feature_names: tuple[str, ...]
    target: np.ndarray
    classes: tuple[str, ...]


def made_table(generator: np.random.Generator) -> MadeTable:
    """A table of 12 to 60 rows, 1 to 6 columns of numbers or categories, and a target of classes or values."""
    rows, columns = int(generator.integers(12, 61)), int(generator.integers(1, 7))
    names = [*generator.choice(NAMES, columns, replace=False).tolist(), str(generator.choice(TARGETS))]
    cells, blocks, titles = [], [], []
    for name in names[:-1]:
        texts, block, levels = _category(generator, rows) if generator.random() < 0.4 else _numbers(generator, rows)
        cells.append(texts)
        blocks.append(block)
        titles += [f"{name}={level}" for level in levels] or [name]
    kind = "classification" if generator.random() < 0.6 else "regression"
    if kind == "classification":
        texts, codes, classes = _classes(generator, rows)
    else:
        codes = np.round(generator.standard_normal(rows) * 100, 3) + 0.0
        codes[0] = 0.5  # with a decimal comma, three decimals alone may be thousands
        texts, classes = [repr(float(value)) for value in codes], ()
    table = [list(row) for row in zip(*cells, texts, strict=True)]
    return MadeTable(names, table, kind, np.concatenate(blocks, axis=1), tuple(titles), codes, classes)


def _numbers(generator: np.random.Generator, rows: int) -> tuple[list[str], np.ndarray, list[str]]:
    """Numbers with one to four decimals, each column on a scale of its own, a few of them missing."""
    values = np.round(generator.standard_normal(rows) * 10.0 ** generator.integers(0, 4), int(generator.integers(1, 5)))
    values[0], values[1] = 1.5, -2.25  # no column of whole numbers, which may be dates or labels
    values += 0.0
    values[generator.random(rows) < generator.choice([0.0, 0.1])] = np.nan
    values[2] = 0.5
    return ["" if np.isnan(v) else repr(float(v)) for v in values], values[:, None], []


def _category(generator: np.random.Generator, rows: int) -> tuple[list[str], np.ndarray, list[str]]:
    """Two to four words, a few of them missing."""
    words = generator.choice(WORDS, int(generator.integers(2, 5)), replace=False).tolist()
    texts = generator.choice(words, rows).tolist()
    texts[: 2 * len(words)] = [*words, *words]  # each twice, so that no column labels rows
    missing = generator.random(rows) < generator.choice([0.0, 0.1])
    missing[: 2 * len(words)] = False
    texts = ["" if gone else text for text, gone in zip(texts, missing, strict=True)]
    levels = sorted(set(texts) - {""})
    block = np.array([[np.nan if not text else float(text == level) for level in levels] for text in texts])
    return texts, block, levels


def _classes(generator: np.random.Generator, rows: int) -> tuple[list[str], np.ndarray, tuple[str, ...]]:
    if generator.random() < 0.4:
        names = ["0", "1", "2"][: int(generator.integers(2, 4))]
    else:
        names = sorted(generator.choice(WORDS, int(generator.integers(2, 4)), replace=False).tolist())
    codes = generator.integers(0, len(names), rows)
    codes[: len(names)] = range(len(names))
    return [names[code] for code in codes], codes, tuple(names)
