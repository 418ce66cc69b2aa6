"""What the tables of the ledger share."""

from collections.abc import Iterator
from typing import Any

from paper.results import Results

OURS = "here"


def entries(results: Results) -> dict[str, dict[str, Any]]:
    """The entries by their id."""
    return {entry["id"]: entry for entry in results.ledger}


def claims(results: Results) -> Iterator[dict[str, Any]]:
    """The entries that somebody else printed."""
    return (entry for entry in results.ledger if entry["source"] != OURS)


def excerpt(entry: dict[str, Any], field: str, *pieces: str) -> str:
    """Pieces of a text of the ledger, joined by an ellipsis; a piece that does not stand there is an error."""
    text = " ".join(entry[field].split())
    for piece in pieces:
        if piece not in text:
            raise ValueError(f"{entry['id']}: expected {piece!r} in its {field}; the ledger has changed, choose anew")
    return "; ".join(pieces)
