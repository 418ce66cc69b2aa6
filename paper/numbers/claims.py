"""How many claims of the sources do not hold as printed."""

from collections.abc import Iterator

from paper.number import Number, count
from paper.results import Results

#: What the ledger calls a result of our own; and verdicts that leave the print as it is: a question is not wrong.
OURS, AS_PRINTED = "here", ("holds", "open")


def numbers(results: Results) -> Iterator[Number]:
    """One count over the entries that quote a source."""
    quoted = [entry for entry in results.ledger if entry["source"] != OURS]
    mended = [entry for entry in quoted if entry["verdict"] not in AS_PRINTED]
    yield Number("claimsNotAsPrinted", count(len(mended)), "ledger.json, quoted entries neither holds nor open")
