"""The predictions on gamma in motion against their measurements, one row per claim."""

from paper.results import Results
from paper.tables._formulas import claim, value, verdict
from paper.tex import tabular

COLUMNS = r">{\raggedright\arraybackslash}p{0.42\linewidth}rrrlrl"
HEAD = ("claim", "tests", "$n$", "predicted", r"measured [95\,\%]", "outside", "verdict")


def table(results: Results) -> str:
    """Claims in the order in which they were written down; ``outside`` counts plain 95 % intervals."""
    rows = []
    for _, row in results.table("integer_crossing", "predictions").iterrows():
        measured = f"{value(row['measured'])} [{value(row['low'])}, {value(row['high'])}]"
        counts = [str(row["tests"]), str(row["n"]), value(row["predicted"])]
        rows.append([claim(row["claim"]), *counts, measured, str(row["outside_95"]), verdict(row["verdict"])])
    return tabular(COLUMNS, HEAD, rows)
