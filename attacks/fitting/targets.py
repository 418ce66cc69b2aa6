"""Targets and weights of rows as people have them, and as nobody should."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

Random = np.random.Generator


def mild_classes(random: Random, rows: int) -> Any:
    """Two to four classes."""
    return random.integers(0, int(random.integers(2, 5)), rows)


def mild_values(random: Random, rows: int) -> Any:
    """Normal values."""
    return random.normal(size=rows)


def labels(random: Random, rows: int) -> Any:
    """Labels of any kind."""
    codes = random.integers(0, 3, rows)
    words = np.array(["no", "yes", "maybe"], dtype=object)
    makers: list[Callable[[], Any]] = [
        lambda: words[codes],
        lambda: words[codes].astype(str),
        lambda: np.array([b"a", b"b", b"c"])[codes],
        lambda: np.array([b"a", b"b", b"c"], dtype=object)[codes],
        lambda: codes > 0,
        lambda: np.array([True, False, None], dtype=object)[codes],
        lambda: np.array([True, False, True], dtype=object)[codes],
        lambda: codes.astype(float),
        lambda: codes * 1e300,
        lambda: codes * 1e-300,
        lambda: codes + 2**62,
        lambda: codes.astype("u8") + np.uint64(2**63),
        lambda: codes.astype("f2"),
        lambda: codes - 1,
        lambda: np.array(["\x1b[31m", "x" * 10_000, ""], dtype=object)[codes],
        lambda: np.array([1, "a", 2.5], dtype=object)[codes],
        lambda: np.array([1, 2.5, None], dtype=object)[codes],
        lambda: np.array([1, 2, 3], dtype=object)[codes],
        lambda: pd.Series(words[codes]).astype("category"),
        lambda: pd.Series(words[codes], dtype="string"),
        lambda: pd.Series(pd.array(codes, dtype="Int64")),
        lambda: pd.Series(pd.array([None if k == 2 else int(k) for k in codes], dtype="Int64")),
        lambda: pd.array(codes > 0, dtype="boolean"),
        lambda: pd.Series(pd.to_datetime("2020-01-01") + pd.to_timedelta(codes, unit="D")),
        lambda: np.array([datetime.date(2020, 1, 1 + int(k)) for k in codes], dtype=object),
        lambda: np.array([Decimal(int(k)) for k in codes], dtype=object),
        lambda: pd.DataFrame({"y": words[codes]}),
        lambda: codes[:, None],
        lambda: words[codes].tolist(),
        lambda: [(1, 2)] * rows,
        lambda: np.arange(rows),
        lambda: np.zeros(rows),
        lambda: np.where(np.arange(rows) == 0, 1, 0),
        lambda: np.full(rows, "only"),
        lambda: np.full(rows, None, dtype=object),
        lambda: codes + 0.5,
        lambda: np.where(codes == 2, np.nan, codes),
        lambda: np.where(codes == 2, np.inf, codes),
        lambda: np.ma.masked_array(codes, mask=codes == 2),
        lambda: codes + 1j,
        lambda: np.array([f"label {k}" for k in range(rows)]),
        lambda: pd.Series(words[codes], index=random.permutation(rows)),
        lambda: pd.period_range("2020", periods=rows, freq="M"),
        lambda: np.array([10**400, 1, 2], dtype=object)[codes],
    ]
    return makers[int(random.integers(len(makers)))]()


def several(random: Random, rows: int) -> Any:
    """Several outputs or labels a row."""
    count = int(random.integers(1, 5))
    flags = random.integers(0, 2, (rows, count))
    makers: list[Callable[[], Any]] = [
        lambda: flags,
        lambda: flags.astype(bool),
        lambda: flags.astype(float),
        lambda: sparse.csr_array(flags),
        lambda: sparse.csr_matrix(flags.astype("f4")),
        lambda: pd.DataFrame(flags, columns=[f"y{k}" for k in range(count)]),
        lambda: np.zeros((rows, count), int),
        lambda: np.ones((rows, count), int),
        lambda: np.eye(rows, dtype=int),
        lambda: random.integers(0, 4, (rows, count)),
        lambda: random.normal(size=(rows, count)),
        lambda: random.normal(size=(rows, count)) * 10.0 ** random.choice([-300, 0, 300, 30], count).astype(float),
        lambda: np.zeros((rows, 0)),
        lambda: random.normal(size=(rows, 2, 2)),
        lambda: np.array([["a", "b"]] * rows),
        lambda: np.array([["a", "b"]] * rows, dtype=object),
        lambda: [[1], [1, 2]] * (rows // 2),
        lambda: flags.astype(object),
    ]
    return makers[int(random.integers(len(makers)))]()


def values(random: Random, rows: int) -> Any:
    """Numbers of any scale and type."""
    plain = random.normal(size=rows)
    makers: list[Callable[[], Any]] = [
        lambda: plain * 10.0 ** float(random.choice([-320, -300, -160, -60, -40, 20, 38, 40, 60, 150, 200, 300])),
        lambda: 1e9 + plain * 1e-3,
        lambda: 1e300 + plain,
        lambda: np.clip(plain * 1e308, -1.7e308, 1.7e308),
        lambda: np.where(np.arange(rows) == 0, float(random.choice([1e300, 1e30, -1e308])), plain),
        lambda: np.where(np.arange(rows) == 0, 1e-300, 0.0),
        lambda: np.full(rows, float(random.choice([0.0, 5.0, 1e300, 1e-300, 0.1]))),
        lambda: plain.astype("f2"),
        lambda: plain.astype(">f4"),
        lambda: (plain * 10).astype(int),
        lambda: plain > 0,
        lambda: np.array([str(k) for k in plain]),
        lambda: np.array([str(k) for k in plain], dtype=object),
        lambda: np.array([Decimal(str(k)) for k in plain], dtype=object),
        lambda: np.array(["word"] * rows, dtype=object),
        lambda: np.where(plain > 1, np.nan, plain),
        lambda: np.where(plain > 1, -np.inf, plain),
        lambda: pd.Series(pd.array([None if k > 1 else k for k in plain], dtype="Float64")),
        lambda: pd.Series(plain),
        lambda: pd.DataFrame({"y": plain}),
        lambda: pd.Series(pd.to_datetime("2020-01-01") + pd.to_timedelta(plain, unit="D")),
        lambda: pd.to_timedelta(plain, unit="D"),
        lambda: pd.Categorical(np.round(plain)),
        lambda: plain.astype(object),
        lambda: random.integers(2**63 - 1000, 2**63 - 1, rows),
        lambda: np.array([10**400] + [1] * (rows - 1), dtype=object),
        lambda: plain[:-1],
        lambda: np.append(plain, 1.0),
        lambda: None,
        lambda: 5.0,
        lambda: "target",
        list,
        lambda: plain.tolist(),
        lambda: plain + 1j,
        lambda: np.ma.masked_array(plain, mask=plain > 1),
        lambda: sparse.csr_array(plain[:, None]),
        lambda: {"y": 1},
        lambda: [None] * rows,
        lambda: plain.astype("f8").view("V8"),
    ]
    return makers[int(random.integers(len(makers)))]()


def row_weights(random: Random, rows: int) -> Any:
    """Weights of rows, mostly none."""
    plain = random.random(rows) + 0.1
    first = np.arange(rows) == 0
    makers: list[Callable[[], Any]] = [
        lambda: plain,
        lambda: random.integers(0, 4, rows),
        lambda: random.integers(1, 3, rows).astype("f4"),
        lambda: np.zeros(rows),
        lambda: np.ones(rows),
        lambda: -plain,
        lambda: np.where(first, -1e-300, plain),
        lambda: np.where(first, np.nan, plain),
        lambda: np.where(first, np.inf, plain),
        lambda: np.full(rows, 1e300),
        lambda: np.full(rows, 1.7e308),
        lambda: np.full(rows, 1e-300),
        lambda: np.full(rows, 5e-324),
        lambda: plain * 1e300,
        lambda: plain * 1e-300,
        lambda: np.where(first, 1e300, 1e-300),
        lambda: np.where(first, 1e300, plain),
        lambda: np.where(first, 1e-300, plain),
        lambda: np.where(first, 1e-20, plain),
        lambda: np.where(first, 1.0, 0.0),
        lambda: np.where(np.arange(rows) < 2, 1.0, 0.0),
        lambda: 10.0 ** random.integers(-300, 300, rows).astype(float),
        lambda: 10.0 ** random.integers(-20, 20, rows).astype(float),
        lambda: random.exponential(size=rows) * 2.0**1023,
        lambda: float(random.choice([1.0, 0.0, -1.0, 1e300])),
        lambda: plain[:-1],
        lambda: plain[:, None],
        lambda: "balanced",
        lambda: plain.astype(str),
        lambda: plain.astype(object),
        lambda: pd.Series(plain),
        lambda: pd.array(plain, dtype="Float64"),
        lambda: pd.array([None] + [1.0] * (rows - 1), dtype="Float64"),
        lambda: plain > 0.5,
        lambda: plain.tolist(),
        lambda: [None] * rows,
        lambda: plain + 1j,
        dict,
        lambda: np.array([Decimal(1)] * rows, dtype=object),
    ]
    return makers[int(random.integers(len(makers)))]() if random.random() < 0.3 else None
