"""How a table becomes numbers, as training rows say."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from jaxtyping import Float64, Int
from scipy.sparse import csr_array, issparse

from continuum.sklearn.table.levels import MOST, Levels
from continuum.sklearn.table.numbers import EstimatorTable, Numbers, column_moments
from continuum.sklearn.table.reading import Cells, to_numbers
from continuum.sklearn.weights import shares

Weight = Float64[np.ndarray, " rows"] | None


@dataclass(frozen=True, eq=False)
class Table:
    """What was seen of the columns in training.

    As *numbers* a table has one column per column of its own: numbers as they are, the mean of training where one is
    missing; categories as codes from 0 on, -1 where they are unknown. Behind these comes one indicator, 1 where a
    number is missing, per column of numbers of which any was missing in training.

    Args:
        fill: the mean of each column of numbers.
        indicated: the columns that have an indicator.
        levels: the categories of the columns that hold some.
        names: of the columns, for messages.

    >>> import pandas as pd
    >>> from continuum.sklearn.table.reading import read
    >>> train = read(pd.DataFrame({"age": [30.0, None, 40.0], "colour": ["red", "blue", "red"]}))
    >>> table = Table.of(train.numbers.to_numpy(), train.texts)
    >>> table(train.numbers.to_numpy(), train.texts).tolist()
    [[30.0, 1.0, 0.0], [35.0, 0.0, 1.0], [40.0, 1.0, 0.0]]
    >>> table.categories
    (0, 2, 0)
    """

    fill: Float64[np.ndarray, " columns"]
    indicated: Int[np.ndarray, " indicators"]
    levels: dict[int, Levels]
    names: tuple[str, ...]

    @classmethod
    def of(cls, numbers: Numbers, texts: dict[int, Cells], weight: Weight = None, names: Any = None) -> Self:
        """Look at training rows, of which those of weight 0 do not count.

        Args:
            numbers: (rows, columns), NaN where missing, and anything finite in columns of texts; or a sparse table.
            texts: the columns that hold no numbers.
            weight: of the rows.
            names: of the columns.
        """
        columns, weight = numbers.shape[1], _share(weight)
        called = tuple(f"column {k}" for k in range(columns)) if names is None else tuple(map(str, names))
        if issparse(numbers):
            share = np.full(numbers.shape[0], 1.0) if weight is None else weight
            return cls(np.asarray((share / share.sum()) @ numbers), np.zeros(0, int), {}, called)
        if weight is not None and not weight.all():
            kept = weight > 0
            numbers, weight = numbers[kept], weight[kept]
            texts = {index: cells[kept] for index, cells in texts.items()}
        missing = np.isnan(numbers)
        levels = {index: Levels.of(cells, weight) for index, cells in texts.items()}
        return cls(_means(numbers, missing, weight), np.flatnonzero(missing.any(axis=0)), levels, called)

    @property
    def categories(self) -> tuple[int, ...]:
        """Of each column of the numbers how many categories it holds codes of: 0 for numbers and indicators."""
        counts = [self.levels[k].count if k in self.levels else 0 for k in range(len(self.fill))]
        return (*counts, *([0] * len(self.indicated)))

    @property
    def number_names(self) -> tuple[str, ...]:
        """The names of the columns of the numbers."""
        return (*self.names, *(f"whether {self.names[k]} is missing" for k in self.indicated))

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of the columns."""
        return tuple(
            f"{self.names[index]}: {levels.others} categories beyond the {len(levels.values)} that are told apart "
            f"(at most {MOST}, of two rows or more) count as unknown"
            for index, levels in self.levels.items()
            if levels.others
        )

    def __call__(self, numbers: Numbers, texts: dict[int, Cells]) -> Numbers:
        """These or other rows as numbers; raises a ``ValueError`` for a text where training had numbers."""
        if issparse(numbers):
            return (
                csr_array(numbers) if not len(self.levels) and not len(self.indicated) else self(numbers.toarray(), {})
            )
        replaced = {index: to_numbers(cells) for index, cells in texts.items() if index not in self.levels}
        replaced |= {index: self._codes(index, numbers, texts) for index in self.levels}
        missing = np.isnan(numbers)
        if not replaced and not len(self.indicated) and not missing.any():
            return numbers
        out = np.array(numbers)
        for index, column in replaced.items():
            out[:, index], missing[:, index] = column, np.isnan(column)
        np.copyto(out, self.fill, where=missing)
        return np.hstack([out, missing[:, self.indicated]])

    def _codes(self, index: int, numbers: EstimatorTable, texts: dict[int, Cells]) -> Float64[np.ndarray, " rows"]:
        return self.levels[index].codes(texts.get(index, numbers[:, index]))


def _share(weight: Weight) -> Weight:
    """Weights of rows as parts of the greatest one; None where none counts, which is refused elsewhere."""
    return None if weight is None or not weight.any() else shares(weight)


def _means(numbers: EstimatorTable, missing: np.ndarray, weight: Weight) -> Float64[np.ndarray, " columns"]:
    """Means of what is there."""
    if weight is None or not missing.any():
        return column_moments(numbers, weight)[0]
    whole = ~missing.any(axis=0)
    fill = np.zeros(numbers.shape[1])
    fill[whole] = column_moments(numbers[:, whole], weight)[0]
    for column in np.flatnonzero(~whole):
        there = ~missing[:, column]
        if there.any():
            fill[column] = column_moments(numbers[there][:, [column]], weight[there])[0][0]
    return fill
