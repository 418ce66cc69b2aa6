"""From finished cells to tables, timings and figures."""

from collections.abc import Mapping, Sequence

import pandas as pd
from rich.console import RenderableType

from continuum.exp import tables as parquet
from continuum.exp.experiment import Experiment, RunOptions
from continuum.exp.plan import Planned
from continuum.exp.store import RunFolder, Stored
from continuum.storage import storing


def assemble(folder: RunFolder, cells: Sequence[Stored]) -> dict[str, bytes]:
    """Write each table of the run, its cells in the order given, and return them as Parquet."""
    assembled = parquet.concatenate(folder.tables(cell) for cell in cells)
    for name, content in assembled.items():
        folder.write(f"{name}.parquet", content)
    folder.withdraw(keep=frozenset(assembled) | parquet.RESERVED)
    return assembled


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
    experiment: Experiment, config: RunOptions, folder: RunFolder, tables: Mapping[str, bytes]
) -> Sequence[RenderableType]:
    """Let the experiment draw and report from exactly the tables on disk; return the report."""
    from continuum.analysis.style import house_style  # matplotlib is slow to import, and needed only here

    frames = {name: parquet.decode(content).to_pandas() for name, content in tables.items()}
    with storing(folder.figures), house_style():
        folder.figures.mkdir(exist_ok=True)
        experiment.draw(frames, folder.figures)
    return experiment.report(frames, config)
