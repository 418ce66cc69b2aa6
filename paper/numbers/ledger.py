"""The ledger in numbers."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from paper.number import Number, count
from paper.results import Results

SOURCE = "paper/results/ledger.json"
VERDICTS = {
    "Holds": "holds",
    "AlmostEverywhere": "almost everywhere",
    "Corrected": "corrected",
    "False": "false",
    "Open": "open",
}

#: Kinds of evidence, counted apart: macro, words, and whether an entry has it.
EVIDENCE: dict[str, tuple[str, Callable[[Mapping[str, Any]], bool]]] = {
    "Derived": ("derived in sympy", lambda entry: entry["symbolic"] == "pass" and entry["steps"] > 0),
    "Witnessed": ("compared with shipped code", lambda entry: entry["witness"] == "pass"),
    "Attacked": ("attacked by wrong variants", lambda entry: 0 < entry["falsifiers"] == entry["rejected"]),
}


def numbers(results: Results) -> Iterator[Number]:
    """How many claims, with which verdicts, checked how."""
    entries = results.ledger
    ours = [entry for entry in entries if entry["source"] == "here"]
    claims = [entry for entry in entries if entry["source"] != "here"]
    yield Number("ledgerEntries", count(len(entries)), f"{SOURCE}, all entries")
    yield Number("ledgerClaims", count(len(claims)), f"{SOURCE}, entries of a source other than here")
    yield Number("ledgerOurs", count(len(ours)), f"{SOURCE}, entries of the source here")
    verdicts = Counter(entry["verdict"] for entry in claims)
    for name, verdict in VERDICTS.items():
        yield Number(f"ledgerClaims{name}", count(verdicts[verdict]), f"{SOURCE}, claims with the verdict {verdict}")
    for name, (words, has) in EVIDENCE.items():
        having = sum(has(entry) for entry in entries)
        yield Number(f"ledger{name}", count(having), f"{SOURCE}, entries {words}")
        yield Number(f"ledgerNot{name}", count(len(entries) - having), f"{SOURCE}, entries not {words}")
    yield Number("ledgerSteps", count(sum(entry["steps"] for entry in entries)), f"{SOURCE}, sum of steps")
    yield Number("ledgerVariants", count(sum(entry["falsifiers"] for entry in entries)), f"{SOURCE}, sum of falsifiers")
    yield Number("ledgerRejected", count(sum(entry["rejected"] for entry in entries)), f"{SOURCE}, sum of rejected")
