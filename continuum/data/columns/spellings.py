"""Labels that differ in spelling alone: case, blanks, a full stop at the end."""

import unicodedata
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int64

from continuum.data.columns.wording import quoted

#: Shorter labels may differ by their case: letters, chemical symbols, base pairs.
LEAST_CASELESS = 3
#: Pairs of spellings that a note shows.
SHOWN_PAIRS = 3


def folded(label: str) -> str:
    """Return what is left of a label without case, blanks beyond one, and full stops at the end.

    >>> folded(">50K."), folded("New  York"), folded("A"), folded("...")
    ('>50k', 'new york', 'A', '...')
    """
    text = " ".join(unicodedata.normalize("NFKC", label).split())
    text = text.rstrip(". ") or text
    return text.casefold() if len(text) >= LEAST_CASELESS else text


def _apart(labels: Sequence[str]) -> str:
    """Say which short labels differ by their case alone."""
    seen: dict[str, str] = {}
    pairs = [(other, label) for label in labels if (other := seen.setdefault(label.casefold(), label)) != label]
    if not pairs:
        return ""
    said = ", ".join(f"{quoted(one)} and {quoted(other)}" for one, other in pairs[:SHOWN_PAIRS])
    more = f" and {len(pairs) - SHOWN_PAIRS} more" if len(pairs) > SHOWN_PAIRS else ""
    return f"short labels that differ by case alone are kept apart: {said}{more}"


def merged(labels: Sequence[str], counts: Int64[np.ndarray, " k"]) -> tuple[list[str], str]:
    """Return one spelling per label, the most frequent, and a note where labels were merged.

    >>> merged(["<=50K", "<=50K.", ">50K"], np.array([5, 3, 2]))
    (['<=50K', '<=50K', '>50K'], "spellings of one label merged: '<=50K.' is '<=50K'")
    """
    groups: dict[str, list[int]] = {}
    for i, label in enumerate(labels):
        groups.setdefault(folded(label), []).append(i)
    if len(groups) == len(labels):
        return list(labels), _apart(labels)
    spelling, pairs = list(labels), []
    for group in groups.values():
        best = labels[min(group, key=lambda i: (-int(counts[i]), labels[i]))]
        pairs += [f"{quoted(labels[i])} is {quoted(best)}" for i in group if labels[i] != best]
        for i in group:
            spelling[i] = best
    more = f" and {len(pairs) - SHOWN_PAIRS} more" if len(pairs) > SHOWN_PAIRS else ""
    return spelling, f"spellings of one label merged: {', '.join(pairs[:SHOWN_PAIRS])}{more}"
