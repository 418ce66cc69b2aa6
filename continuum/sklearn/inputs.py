"""What a network may be given of a table: numbers as they are, or also their bins."""

from continuum.sklearn.rows import EstimatorRows
from continuum.sklearn.standard import Features, Scales

#: Most bins of a column, most features of all bins together, and fewest bins that are worth a try.
BINS, FEATURES, FEWEST = 16, 384, 3
#: Share of a standard deviation that a bin has beside its column.
SHARE = 0.3


def scales_of(rows: EstimatorRows, loss: str, encoding: str) -> dict[str, Scales]:
    """How features come of numbers, by name: "raw", "piecewise", or both, of which held-out rows are to choose.

    Where columns are so many that each would have fewer than three bins, or none has more than two values, numbers stay
    as they are.
    """
    raw = {"raw": Scales.of_loss(rows, loss)} if encoding != "piecewise" else {}
    counts = rows.categories or (0,) * rows.x.shape[1]
    numeric = [place for place, count in enumerate(counts) if not count]
    bins = min(BINS, FEATURES // max(len(numeric), 1))
    if encoding == "raw" or (encoding == "auto" and (bins < FEWEST or not numeric)):
        return raw
    piecewise = Scales.of_loss(rows, loss, numeric, max(bins, FEWEST), SHARE)
    if not _bent(piecewise):
        return raw or {"raw": piecewise}
    return {**raw, "piecewise": piecewise}


def _bent(scales: Scales) -> bool:
    """Whether any column was cut."""
    return isinstance(scales.inputs, Features) and bool(scales.inputs.encoding.bent.any())
