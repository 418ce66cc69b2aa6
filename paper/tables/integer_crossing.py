"""The predictions on gamma in motion against their measurements, one row per claim."""

from paper.results import Results
from paper.tables._formulas import claim, value, verdict
from paper.tex import tabular

COLUMNS = r">{\raggedright\arraybackslash}p{0.4\linewidth}rrlrrrl"
HEAD = ("claim", "$n$", "predicted", r"measured [95\,\%]", "margin", "power", "rows", "outcome")


def table(results: Results) -> str:
    """Claims in the order in which they were written down; ``rows``: tasks and settings, those that agree of all."""
    rows = []
    for _, row in results.table("integer_crossing", "predictions").iterrows():
        measured = f"{value(row['measured'])} [{value(row['low'])}, {value(row['high'])}]"
        margin = f"$<{value(row['predicted'])}$" if row["test"] == "below" else value(row["margin"])
        counts = [margin, f"{row['power']:.2f}", f"{row['rows_agree']} of {row['rows']}"]
        rows.append(
            [claim(row["claim"]), str(row["n"]), value(row["predicted"]), measured, *counts, _said(row["outcome"])]
        )
    return tabular(COLUMNS, HEAD, rows)


def _said(outcome: str) -> str:
    return verdict(outcome.upper() if outcome == "refuted" else outcome)
