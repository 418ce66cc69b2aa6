"""The data card of a table, in Markdown."""

from continuum.benchmark.coding import STEP
from continuum.benchmark.head import Head


def text(head: Head, checksum: str) -> str:
    """What the table is, what is in its files, and of what it was made."""
    return "\n".join([*_what(head, checksum), *_space(head), *_tasks(head), *_files(head)]) + "\n"


def _what(head: Head, checksum: str) -> list[str]:
    networks = len(head.entries) * len(head.seeds) * head.space.size
    versions = ", ".join(f"{name} {version}" for name, version in head.versions.items())
    return [
        "# A table of small networks",
        "",
        f"{networks} networks: {len(head.entries)} tasks x {len(head.seeds)} seeds x {head.space.size} points, each",
        f"with loss and score after each of {head.space.epochs} epochs on training, validation and test rows.",
        "",
        f"Checksum of the table (SHA-256 of table.json): `{checksum}`. Trained by {versions}.",
        "",
        "tanh networks of real width (interval law) are trained by Adam at a constant rate on minibatches of 32 rows,",
        "so a curve of few epochs is the beginning of the curve of many. The test rows of a task are the same for all",
        "seeds; a seed draws validation rows, initial weights and minibatches. Of a large task 1,500 rows are taken,",
        "always the same. The test rows are there to judge; a method that searches must see validation rows only.",
        "",
    ]


def _space(head: Head) -> list[str]:
    space = head.space
    axes = (("gamma", space.gamma), ("lr", space.lr), ("weight_decay", space.weight_decay), ("depth", space.depth))
    lines = [f"| {name} | {', '.join(f'{value:g}' for value in values)} |" for name, values in axes]
    return ["## Space", "", "| axis | values |", "|---|---|", *lines, ""]


def _tasks(head: Head) -> list[str]:
    lines = [
        f"| {task} | {e.kind} | {e.sizes['train']}/{e.sizes['validation']}/{e.sizes['test']} | {e.features} "
        f"| {e.outputs} | {e.steps} | {1000 * e.seconds:.0f} | `{e.data[:16]}` |"
        for task, e in head.entries.items()
    ]
    title = "| task | kind | rows | features | outputs | steps an epoch | ms a network | data (SHA-256) |"
    return ["## Tasks", "", title, "|---|---|---|---|---|---|---|---|", *lines, ""]


def _files(head: Head) -> list[str]:
    lines = [f"| {task}.parquet | `{checksum}` |" for task, checksum in head.checksums.items()]
    return [
        "## Files",
        "",
        "The rows of a file are seeds, points (depth slowest, then weight decay, rate, width) and epochs (fastest).",
        "A column is the running difference, modulo 2^16, of whole numbers c of 16 bits. For a loss (nats, or half the",
        f"squared error of the standardised target) c = round(ln(loss) / {STEP:g}), -32768 where the network diverged;",
        "for an accuracy the rows that were right, or -1. The RMSE of a regression follows from its loss.",
        "`continuum.benchmark.Table.load` reads them.",
        "",
        "| file | SHA-256 |",
        "|---|---|",
        *lines,
    ]
