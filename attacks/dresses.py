"""One table in many dresses: files that mean the same, and how each must be loaded."""

import bz2
import csv
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from attacks.made_tables import MadeTable

#: Separators, the comma most often.
SEPARATORS = (",", ",", ";", "\t", "|")
#: What stands for no value.
MISSING = ("", "", "?", "NA", "N/A", "NULL", "None", "nan", "-", "null", "#N/A", ".", "\\N", "..", "(null)")
#: Encodings; those that cannot write a table are left.
ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-32")
#: How files are packed.
PACKED: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
#: Lines that stand above a table.
ABOVE = ("", "# from the lab\n", "# a, b; c\td\n% 2024-01-01\n\n", "\n\n", "Results of 2024\n\n")


@dataclass
class Dressed:
    """A file, the arguments for loading it, whether the names of columns are in it, and what was done, for messages."""

    path: Path
    options: dict[str, Any] = field(default_factory=dict)
    named: bool = True
    done: list[str] = field(default_factory=list)


def dressed(table: MadeTable, generator: np.random.Generator, folder: Path) -> Dressed:
    """Write the table in one dress."""
    if generator.random() < 0.15:
        return _typed(table, generator, folder)
    result = Dressed(folder / "my.csv")
    text = _text(table, generator, result)
    raw = _encoded(text, generator, result)
    ending = str(generator.choice(["", "", "", "", ".zip", *PACKED]))
    result.path = folder / f"my.csv{ending}"
    if ending:
        result.done.append(ending)
    result.path.write_bytes(_zipped(raw) if ending == ".zip" else PACKED[ending](raw) if ending else raw)
    return result


def _text(table: MadeTable, generator: np.random.Generator, result: Dressed) -> str:
    separator = str(generator.choice(SEPARATORS))
    missing = str(generator.choice(MISSING))
    if missing == "-" and any("+" in row for row in table.rows):
        missing = ""  # beside a plus, a minus is a value
    rows = [[cell or missing for cell in row] for row in table.rows]
    decimal = separator in ";\t|" and generator.random() < 0.3
    if decimal:
        rows = [[cell.replace(".", ",") if _number(cell) else cell for cell in row] for row in rows]
    names, rows = _columns(table, rows, generator, result)
    quoting = int(generator.choice([csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    ends = str(generator.choice(["\n", "\n", "\r\n", "\r"]))
    file = io.StringIO()
    writer = csv.writer(file, delimiter=separator, quoting=quoting, lineterminator=ends)  # type: ignore[arg-type]
    writer.writerows([names] if result.named else [])
    body = [[*row, ""] if result.options.get("trailing") else row for row in rows]
    writer.writerows(body)
    result.options.pop("trailing", None)
    above = "" if not result.named else str(generator.choice(ABOVE, p=[0.6, *[0.1] * 4]))
    if separator != "," and generator.random() < 0.1 and not above:
        above = f"sep={separator}\n"
    result.done += [
        f"separator {separator!r}",
        f"missing {missing!r}",
        f"decimal comma {decimal}",
        f"quoting {quoting}",
    ]
    result.done += [f"ends {ends!r}", f"above {above!r}"]
    return above.replace("\n", ends) + file.getvalue()


def _columns(
    table: MadeTable, rows: list[list[str]], generator: np.random.Generator, result: Dressed
) -> tuple[list[str], list[list[str]]]:
    """Names and rows with a header or none, row labels, and a trailing separator."""
    names = table.names
    if generator.random() < 0.2:
        result.named = False
        result.options |= {"header": "none", "target": -1}
    elif names[-1] != "target" or generator.random() < 0.3:
        result.options["target"] = names[-1] if generator.random() < 0.5 else -1
    if result.named and generator.random() < 0.15:
        names, rows = ["", *names], [[str(i), *row] for i, row in enumerate(rows)]
        result.done.append("row labels")
    if generator.random() < 0.15:
        result.options["trailing"] = True
        names = [*names, ""] if generator.random() < 0.5 or not result.named else names
        result.done.append("trailing separator")
    return names, rows


def _encoded(text: str, generator: np.random.Generator, result: Dressed) -> bytes:
    encoding = str(generator.choice(ENCODINGS))
    try:
        raw = text.encode(encoding)
    except UnicodeEncodeError:
        encoding, raw = "utf-8", text.encode()
    result.done.append(encoding)
    return raw


def _typed(table: MadeTable, generator: np.random.Generator, folder: Path) -> Dressed:
    """A format with types: xlsx, Parquet, Feather or ARFF."""
    kind = str(generator.choice(["xlsx", "parquet", "feather", "arff"]))
    result = Dressed(folder / f"my.{kind}", {"target": table.names[-1]}, done=[kind])
    if kind == "arff":
        result.path.write_text(_arff(table), encoding="utf-8")
        return result
    columns = dict(zip(table.names, map(list, zip(*table.rows, strict=True)), strict=True))
    frame = pd.DataFrame({name: _values(cells) for name, cells in columns.items()})
    if kind == "xlsx":
        frame.to_excel(result.path, index=False)
    else:
        getattr(frame, f"to_{kind}")(result.path)
    return result


def _values(cells: list[str]) -> list[Any]:
    numeric = all(_number(cell) for cell in cells if cell)
    return [None if not cell else float(cell) if numeric else cell for cell in cells]


def _arff(table: MadeTable) -> str:
    def quoted(text: str) -> str:
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"

    lines = ["% made", "@RELATION my"]
    for i, name in enumerate(table.names):
        cells = sorted({row[i] for row in table.rows} - {""})
        numeric = all(map(_number, cells)) and (i < len(table.names) - 1 or table.kind == "regression")
        lines.append(f"@attribute {quoted(name)} {'real' if numeric else '{' + ','.join(map(quoted, cells)) + '}'}")
    lines.append("@data")
    lines += [",".join("?" if not c else c if _number(c) else quoted(c) for c in row) for row in table.rows]
    return "\n".join(lines) + "\n"


def _zipped(raw: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data/my.csv", raw)
    return file.getvalue()


def _number(cell: str) -> bool:
    try:
        return bool(np.isfinite(float(cell)))
    except ValueError:
        return False
