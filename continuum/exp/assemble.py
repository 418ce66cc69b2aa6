"""From finished cells to tables, timings and figures."""

from collections.abc import Mapping, Sequence

import pandas as pd
import pyarrow as pa
from rich.console import Console, RenderableType

from continuum.errors import StorageError
from continuum.exp import tables as parquet
from continuum.exp.experiment import Experiment, RunOptions
from continuum.exp.plan import Planned
from continuum.exp.progress import drawing
from continuum.exp.record import Stored
from continuum.exp.store import RunFolder, checksum_of


def assemble(folder: RunFolder, cells: Sequence[Stored], before: Mapping[str, str]) -> dict[str, bytes]:
    """Write each table of the run, its cells in the order given, and return them as Parquet.

    ``before`` holds the checksums of the tables that page and figures were made from: if these are others, page and
    figures go first.
    """
    assembled = _concatenated(folder, cells)
    if {name: checksum_of(content) for name, content in assembled.items()} != before:
        folder.withdraw()
    for name, content in assembled.items():
        folder.write(f"{name}.parquet", content)
    folder.withdraw(keep=frozenset(assembled) | parquet.RESERVED)
    return assembled


def _concatenated(folder: RunFolder, cells: Sequence[Stored]) -> dict[str, bytes]:
    try:
        return parquet.concatenate(folder.tables(cell) for cell in cells)
    except (pa.ArrowException, OSError) as error:  # whole files, by their checksums, of tables that are none
        raise StorageError(
            f"{folder.cells}: expected tables that fit below each other, got {str(error).partition(chr(10))[0]}; "
            "compute them anew with --no-resume"
        ) from error


def write_timings(folder: RunFolder, plan: Sequence[Planned], done: Mapping[str, Stored]) -> None:
    """Write what each finished cell took; apart from the results, since it never repeats."""
    rows = [
        {
            "cell": planned.cell.label,
            "key": planned.key,
            "seconds": done[planned.key].seconds,
            "worker": done[planned.key].worker,
            "cost": float(planned.cell.cost),
            "reused": planned.stored is not None,
            "reason": planned.reason,
        }
        for planned in plan
        if planned.key in done
    ]
    columns = ["cell", "key", "seconds", "worker", "cost", "reused", "reason"]
    frame = pd.DataFrame(rows, columns=columns)
    folder.write("timings.parquet", parquet.encode(parquet.from_frame("timings", frame)))


def illustrate(
    experiment: Experiment, config: RunOptions, folder: RunFolder, tables: Mapping[str, bytes], console: Console
) -> Sequence[RenderableType]:
    """Let the experiment draw and report from exactly the tables on disk; return the report."""
    from continuum.analysis.style import house_style  # matplotlib is slow to import, and needed only here

    frames = {name: parquet.decode(content).to_pandas() for name, content in tables.items()}
    with folder.drawing() as figures, house_style(), drawing(figures, console):
        experiment.draw(frames, figures)
    return experiment.report(frames, config)
