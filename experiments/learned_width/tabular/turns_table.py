"""What a whole fit costs, in trainings of one fixed net."""

import pandas as pd


def ratios(turns: pd.DataFrame, clock: str = "cpu") -> dict[str, float]:
    """Time of a whole fit over that of one fixed training, medians of turns, of one table."""
    times = turns.groupby("what")[clock].median()
    return {
        "64 units on the engine": float(times["fit"] / times["engine"]),
        "a PyTorch loop": float(times["fit"] / times["torch"]),
    }


def turns_table(turns: pd.DataFrame) -> pd.DataFrame:
    """One row per table: seconds of the processor, and both ratios by the processor and by the clock on the wall."""
    rows = []
    for name, frame in turns.groupby("task", sort=False):
        seconds = frame.groupby("what")["cpu"].median()
        row = {"task": name, "steps of the fixed net": frame["steps"].iloc[0]}
        row |= {f"seconds, {what}": float(value) for what, value in seconds.items()}
        row |= {f"fit / {what}": value for what, value in ratios(frame).items()}
        row |= {f"fit / {what}, wall": value for what, value in ratios(frame, "wall").items()}
        rows.append(row)
    return pd.DataFrame(rows)
