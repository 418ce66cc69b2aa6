"""Figures that others published, and figures measured earlier elsewhere: never mixed with those of a run."""

import pandas as pd

#: Test RMSE on the 20 splits: task, method, mean, its uncertainty, source.
SPLITS = (
    ("concrete", "MC dropout 1x50, tuned a split", 4.826, 0.161, "Gal, DropoutUncertaintyExps 6eb4497 (s.e.)"),
    ("concrete", "MC dropout, 2 layers", 4.50, 0.18, "Gal, DropoutUncertaintyExps a6259f1, tuned on test rows (s.e.)"),
    ("concrete", "SGD 1x50", 5.194, 0.446, "Maddox, drbayes 0c0c32e table 3, own splits (s.d.)"),
    ("concrete", "scikit-learn's default", 5.787, 0.451, "Salimbeni, bayesian_benchmarks a8fac6f, own splits (s.d.)"),
    ("energy_heating", "MC dropout 1x50, tuned a split", 0.539, 0.014, "Gal, DropoutUncertaintyExps 6eb4497 (s.e.)"),
    ("energy_heating", "MC dropout, 2 layers", 0.47, 0.01, "Gal, DropoutUncertaintyExps a6259f1, tuned on test (s.e.)"),
    ("energy_heating", "SGD 1x50", 1.602, 0.275, "Maddox, drbayes 0c0c32e table 3, own splits (s.d.)"),
    ("energy_heating", "scikit-learn's default", 2.115, 0.329, "Salimbeni, bayesian_benchmarks a8fac6f (s.d.)"),
    ("yacht", "MC dropout 1x50, tuned a split", 0.666, 0.049, "Gal, DropoutUncertaintyExps 6eb4497 (s.e.)"),
    ("yacht", "MC dropout, 2 layers", 0.66, 0.06, "Gal, DropoutUncertaintyExps a6259f1, tuned on test rows (s.e.)"),
    ("yacht", "SGD 1x50", 0.973, 0.374, "Maddox, drbayes 0c0c32e table 3, own splits (s.d.)"),
    ("yacht", "scikit-learn's default", 3.687, 0.767, "Salimbeni, bayesian_benchmarks a8fac6f, own splits (s.d.)"),
)
#: Measured earlier, outside this run (5 folds, spirals 3; batch 32, Adam): task, method, units, accuracy.
PEERS = (
    ("digits", "gromo", 13.6, 0.964),
    ("two_spirals", "gromo", 30.7, 0.942),
    ("digits", "gal", 5.6, 0.927),
    ("two_spirals", "gal", 80.3, 0.642),
    ("digits", "bal", 31.1, 0.962),
    ("two_spirals", "bal", 21.9, 0.978),
)
#: What the table calls the methods of a run.
NAMES = {"graded": "learned width", "fixed": "50 units, same steps", "estimator": "the estimator, its defaults"}


def splits_table(splits: pd.DataFrame) -> pd.DataFrame:
    """Test RMSE of the run, in units of the target with its standard error, above the published figures."""
    rows = []
    for task, rows_of_task in splits.groupby("task", sort=False):
        for method, frame in rows_of_task.groupby("method", sort=False):
            error = frame["rmse"].std(ddof=1) / len(frame) ** 0.5
            named = NAMES[str(method)]
            measured = {"rmse": frame["rmse"].mean(), "spread": error, "units": frame["units"].mean()}
            rows.append({"task": task, "method": named, **measured, "source": f"this run, {len(frame)} splits (s.e.)"})
        for name, method, rmse, spread, source in SPLITS:
            if name == task:
                rows.append(
                    {"task": task, "method": method, "rmse": rmse, "spread": spread, "source": f"published: {source}"}
                )
    return pd.DataFrame(rows)


def earlier(task: str) -> dict[str, tuple[float, float]]:
    """Units and accuracy of the peers on a task, as measured earlier."""
    return {method: (units, score) for name, method, units, score in PEERS if name == task}
