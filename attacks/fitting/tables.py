"""Tables as people have them, and as nobody should: each a function of a generator and a number of rows."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

Random = np.random.Generator
MakeTable = Callable[[Random, int], Any]

#: Powers of ten of columns.
POWERS = (-320, -308, -300, -200, -160, -60, -45, -38, -20, -8, 0, 0, 0, 3, 8, 20, 38, 39, 60, 154, 200, 300, 308)
#: Texts of cells that are no words.
ODD_TEXTS = ("", " ", "nan", "NA", "1", "1.5", "-", "ü", "\x00", "\n", "\x1b[31m", "a" * 10_000, "inf", "None", "１")


def mild(random: Random, rows: int) -> np.ndarray:
    """A few normal columns."""
    return random.normal(size=(rows, int(random.integers(1, 5))))


def scaled(random: Random, rows: int) -> np.ndarray:
    """Columns of any scale that a double has."""
    table = mild(random, rows)
    with np.errstate(all="ignore"):
        table *= 10.0 ** random.choice(POWERS, table.shape[1]).astype(float)
    return np.asarray(np.clip(table, -1.7e308, 1.7e308))


def offset(random: Random, rows: int) -> np.ndarray:
    """Spreads far below the mean."""
    table = mild(random, rows)
    return float(random.choice([1.0, 1e9, 1e-9, 1e300, -1e15])) + table * float(
        random.choice([1e-60, 1e-7, 1e-3, 1e-20])
    )


def outlier(random: Random, rows: int) -> np.ndarray:
    """One cell far from all others."""
    table = mild(random, rows)
    table[random.integers(rows), 0] = random.choice([1e30, -1e200, 1e308, 1e-310, np.finfo(float).max])
    return table


def tiny_spread(random: Random, rows: int) -> np.ndarray:
    """Most rows equal, one a little off."""
    table = np.full((rows, 2), float(random.choice([0.0, 1.0, 1e9])))
    table[:, 0] = random.normal(size=rows)
    table[random.integers(rows), 1] += float(random.choice([1e-60, 1e-300, 5e-324, 1e-6, 1e300]))
    return table


def constant(random: Random, rows: int) -> np.ndarray:
    """Some columns, or all, of one value."""
    table = np.full((rows, 3), float(random.choice([0.0, 0.1, -1e300, 1e-300, 7.0])))
    if random.random() < 0.7:
        table[:, 1] = random.normal(size=rows)
    return table


def holes(random: Random, rows: int) -> np.ndarray:
    """Missing numbers, now and then a whole column of them, or an infinity."""
    table = mild(random, rows)
    table[random.random(table.shape) < 0.3] = np.nan
    if random.random() < 0.3:
        table[:, 0] = np.nan
    if random.random() < 0.3:
        table[random.integers(rows), -1] = random.choice([np.inf, -np.inf])
    return table


def wide(random: Random, rows: int) -> np.ndarray:
    """Many columns of few rows."""
    return random.normal(size=(int(random.integers(2, 8)), int(random.choice([100, 1000]))))


def few(random: Random, rows: int) -> np.ndarray:
    """No row, one, two or three."""
    return random.normal(size=(int(random.integers(0, 4)), int(random.integers(0, 3))))


def duplicates(random: Random, rows: int) -> np.ndarray:
    """Rows many times, columns twice."""
    table = random.integers(0, 2, (rows, 2)).astype(float)
    return np.hstack([table, table])


def typed(random: Random, rows: int) -> np.ndarray:
    """Other types of numbers than doubles."""
    kinds = ("f2", "f4", ">f8", ">i4", "i8", "u8", "i1", "?", "c16", "g", "M8[s]", "m8[ms]", "S5", "U5", ">f4", "V3")
    kind = str(random.choice(kinds))
    if kind == "V3":
        return np.zeros((rows, 2), [("a", "f8")])[:, :1]
    if kind in ("i8", "u8"):
        table = random.integers(2**63 - 1000, 2**63 - 1, (rows, 2)).astype(kind)
        return table if kind == "i8" else table * np.uint64(2)
    with np.errstate(all="ignore"):
        return (100 * random.normal(size=(rows, 2))).astype("i8" if kind[0] in "mM" else "f8").astype(kind)


def layout(random: Random, rows: int) -> np.ndarray:
    """Arrays that lie otherwise in memory, masked, or of a class of their own."""
    table = random.normal(size=(rows, 4))
    masked = np.ma.masked_array(table, mask=random.random(table.shape) < 0.2)
    read_only = table.copy()
    read_only.setflags(write=False)
    three = random.normal(size=(rows, 2, 2))
    kinds = [np.asfortranarray(table), np.repeat(table, 2, 0)[::2, ::-1], masked, read_only, np.asmatrix(table), three]
    return kinds[int(random.integers(len(kinds)))]


def objects(random: Random, rows: int) -> np.ndarray:
    """Cells of any kind in an array of objects."""
    choices: list[Any] = [
        1, 2.5, "red", "1.5", None, np.nan, True, b"bytes", Decimal("1.5"), Fraction(1, 3), 10**400, 2**70, 1 + 2j,
        float("inf"), datetime.date(2020, 1, 1), datetime.datetime(9999, 12, 31), datetime.timedelta(days=10**6),
        (1, 2), pd.NaT, pd.NA, pd.Timestamp("1900-01-01", tz="UTC"), Decimal("NaN"), np.float32(3),
        [1, 2], {"a": 1}, {3}, object(), *ODD_TEXTS, Decimal("Infinity"), Decimal("1e999"), datetime.time(1),
        -(10**400), np.bool_(True), pd.Interval(0, 1), pd.Period("2020-01", "M"), range(3), float, ...,
        np.str_("x"), np.int8(1), np.datetime64("NaT"),
    ]  # fmt: skip
    table = np.empty((rows, 2), dtype=object)
    table[:, 0] = random.normal(size=rows)
    kept = [choices[k] for k in random.choice(len(choices), int(random.integers(1, 4)), replace=False)]
    for row in range(rows):
        table[row, 1] = kept[int(random.integers(len(kept)))]
    if random.random() < 0.3:
        return table[:, 1:]
    return table


def column_of(random: Random, rows: int) -> Any:
    """A column of a DataFrame."""
    ints, floats = random.integers(0, 5, rows), random.normal(size=rows)
    gone: Any = random.random(rows) < 0.3
    none: Any = None
    arrays: Any = pd.array
    texts: Any = random.choice(["red", "blue", "green", "ü" * 40], rows)
    days = pd.to_datetime("2020-01-01") + pd.to_timedelta(random.integers(0, 4000, rows), unit="D")
    makers: list[Callable[[], Any]] = [
        lambda: pd.Categorical(texts),
        lambda: pd.Categorical(ints, ordered=True),
        lambda: pd.Categorical(np.where(gone, none, texts)),
        lambda: pd.Categorical([none] * rows, ["never"]),
        lambda: pd.Categorical(days),
        lambda: days,
        lambda: days.tz_localize("Europe/Berlin"),
        lambda: pd.Series(days).where(~gone),
        lambda: pd.to_timedelta(ints, unit="h"),
        lambda: pd.array(np.where(gone, 0, ints), dtype="Int64"),
        lambda: pd.array([None if hole else int(k) for hole, k in zip(gone, ints, strict=True)], dtype="Int8"),
        lambda: pd.array([None if hole else float(k) for hole, k in zip(gone, floats, strict=True)], dtype="Float32"),
        lambda: pd.array([None if hole else bool(k % 2) for hole, k in zip(gone, ints, strict=True)], dtype="boolean"),
        lambda: pd.arrays.SparseArray(np.where(gone, 0.0, floats)),
        lambda: pd.arrays.SparseArray(np.where(gone, np.nan, floats)),
        lambda: pd.arrays.SparseArray(ints, fill_value=3),
        lambda: pd.arrays.SparseArray(texts.astype(object)),
        lambda: np.array([None if hole else bool(k % 2) for hole, k in zip(gone, ints, strict=True)], dtype=object),
        lambda: np.array([Decimal(str(round(k, 3))) for k in floats], dtype=object),
        lambda: np.array([bytes(text, "utf8") for text in texts], dtype=object),
        lambda: np.array([datetime.date(2020, 1, 1 + int(k)) for k in ints], dtype=object),
        lambda: np.array([datetime.datetime(int(random.choice([1, 1677, 9999])), 1, 1) for _ in ints], dtype=object),
        lambda: np.array([datetime.time(int(k)) for k in ints], dtype=object),
        lambda: np.array([str(k) for k in ints], dtype=object),
        lambda: np.array([f"{k:.3f}".replace(".", ",") for k in floats], dtype=object),
        lambda: np.array([f"id{k}" for k in range(rows)], dtype=object),
        lambda: np.full(rows, None, dtype=object),
        lambda: np.full(rows, np.nan),
        lambda: np.full(rows, "one"),
        lambda: pd.array(texts, dtype="string"),
        lambda: pd.array(np.where(gone, none, texts), dtype="string"),
        lambda: pd.period_range("2020-01", periods=rows, freq="M"),
        lambda: pd.interval_range(0, rows),
        lambda: floats.astype("f2"),
        lambda: floats * 10.0 ** float(random.choice([300, -300, 30, -30])),
        lambda: floats + 1j * ints,
        lambda: np.where(gone, np.inf, floats),
        lambda: ints.astype("u8") + np.uint64(2**63),
        lambda: arrays(floats, dtype="float64[pyarrow]"),
        lambda: pd.array(texts, dtype="string[pyarrow]"),
        lambda: np.array([random.choice(["a", "b"]) if k % 2 else int(k) for k in ints], dtype=object),
        lambda: np.array([[int(k)] for k in ints] + [None], dtype=object)[:-1],
        lambda: np.array([random.choice(list(ODD_TEXTS)) for _ in ints], dtype=object),
        lambda: np.array([10**400 if k else 1 for k in ints], dtype=object),
    ]
    return makers[int(random.integers(len(makers)))]()


def frame(random: Random, rows: int) -> pd.DataFrame:
    """A DataFrame of columns of any kind, and names of any kind."""
    columns = [column_of(random, rows) for _ in range(int(random.integers(1, 5)))]
    table = pd.concat([pd.Series(column).reset_index(drop=True) for column in columns], axis=1)
    table.columns = pd.Index([f"x{k}" for k in range(len(columns))])
    kind, count = int(random.integers(12)), len(columns)
    if kind == 0:
        table.columns = pd.MultiIndex.from_tuples([("a", k) for k in range(count)])
    elif kind == 1:
        table.columns = pd.Index(["same"] * count)
    elif kind == 2:
        table.columns = pd.Index(range(count))
    elif kind == 3:
        table.columns = pd.Index([f"x{k}" if k else 7 for k in range(count)], dtype=object)
    elif kind == 4:
        table.columns = pd.Index(["\x1b[31m" + "n" * 10_000 + str(k) for k in range(count)])
    elif kind == 5:
        table.columns = pd.Index([None, np.nan, "", 1.5, "x"][:count], dtype=object)
    if random.random() < 0.2:
        table.index = pd.Index(random.integers(0, 3, rows))
    return table


def sparse_rows(random: Random, rows: int) -> Any:
    """Sparse matrices of every format, with explicit zeros, empty rows, duplicates, and numbers that are none."""
    table: Any = sparse.random_array((rows, int(random.integers(1, 30))), density=0.2, rng=random, format="csr")
    kind = int(random.integers(12))
    if kind == 0 and table.nnz:
        table.data[: table.nnz // 2] = 0.0
    elif kind == 1 and table.nnz:
        table.data[0] = random.choice([np.nan, np.inf, 1e300, 1e-300])
    elif kind == 2:
        table = table.astype(str(random.choice(["f4", "i4", "?", "c16", "i8"])))
    elif kind == 3:
        table = sparse.csr_array((rows, 3))
    elif kind == 4:
        row = random.integers(0, rows, 60)
        table = sparse.coo_array((np.ones(60), (row, random.integers(0, 4, 60))), shape=(rows, 4))
    elif kind == 5:
        table = sparse.csr_matrix(table) * 1e300
    elif kind == 6:
        table.indices = table.indices.astype("i8")
        table.indptr = table.indptr.astype("i8")
    elif kind < 10:
        table = table.asformat(str(random.choice(["csc", "coo", "lil", "dok", "bsr", "dia"])))
    return table


def lists(random: Random, rows: int) -> Any:
    """What is no array: lists, ragged ones, series, texts, nothing."""
    table = random.normal(size=(rows, 2))
    kinds: list[Any] = [
        table.tolist(),
        [[str(a), b] for a, b in table.tolist()],
        [[1.0], [1.0, 2.0], *table.tolist()[2:]],
        pd.Series(table[:, 0]),
        table[:, 0],
        "no table",
        None,
        {"a": table[:, 0].tolist()},
        [],
        5,
        [None] * rows,
        tuple(map(tuple, table)),
        [{"a": 1, "b": 2}] * rows,
        (row for row in table),
        table.__array_interface__,
        pd.DataFrame(index=range(rows)),
        [["red", 1.0], ["blue", None]] * (rows // 2),
        np.float64(3),
        [[]] * rows,
    ]
    return kinds[int(random.integers(len(kinds)))]


#: How tables are made; ordinary ones more often, so that what else is drawn meets a fit.
TABLES: tuple[MakeTable, ...] = (
    mild, mild, mild, mild, scaled, scaled, offset, outlier, tiny_spread, constant, holes, wide, few, duplicates, typed,
    layout, objects, objects, frame, frame, frame, frame, sparse_rows, sparse_rows, lists,
)  # fmt: skip
