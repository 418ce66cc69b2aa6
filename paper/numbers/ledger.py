"""The ledger in numbers."""

from collections import Counter
from collections.abc import Iterator

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
    for name, key in (("Derived", "symbolic"), ("Witnessed", "witness")):
        passed = sum(entry[key] == "pass" for entry in entries)
        yield Number(f"ledger{name}", count(passed), f"{SOURCE}, entries whose {key} is pass")
    yield Number("ledgerSteps", count(sum(entry["steps"] for entry in entries)), f"{SOURCE}, sum of steps")
    yield Number("ledgerVariants", count(sum(entry["falsifiers"] for entry in entries)), f"{SOURCE}, sum of falsifiers")
    yield Number("ledgerRejected", count(sum(entry["rejected"] for entry in entries)), f"{SOURCE}, sum of rejected")
