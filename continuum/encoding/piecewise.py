"""Columns as functions that are linear by pieces."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from jaxtyping import Bool, Float64, Int
from scipy.sparse import block_diag, csr_array

from continuum import checks
from continuum.encoding.pieces import Bins, Categories, Hinges, Piece, Ramps, Raw, endless
from continuum.encoding.quantiles import distinct_quantiles
from continuum.encoding.rectifiers import Rectifiers
from continuum.errors import BadInput

Rows = Float64[np.ndarray, "rows columns"]
#: Names of the parts of a ramp.
RAMP = ("left", "width", "low", "high")
Columns = Bool[np.ndarray, " mask"] | Sequence[int] | Int[np.ndarray, " chosen"]


@dataclass(frozen=True, eq=False)
class PiecewiseLinear:
    r"""An encoding, column by column: numbers pass or are cut into :class:`Bins`, codes become :class:`Categories`.

    Every output is a continuous function of one column that is linear by pieces, so that a network behind an encoding
    is a plain network of one ReLU layer more: see :meth:`rectifiers`.

    Args:
        pieces: what becomes of each column.

    Reference: Y. Gorishniy et al., "On Embeddings for Numerical Features in Tabular Deep Learning", 2022.

    >>> x = np.array([[0.0, 5.0], [1.0, 5.0], [2.0, 6.0], [4.0, 6.0]])
    >>> encoding = PiecewiseLinear.of(x, bins=2)
    >>> encoding.pieces[0].edges.tolist(), encoding.pieces[1]
    ([0.0, 1.0, 4.0], Raw())
    >>> encoding.encode(np.array([[0.5, 5.0], [7.0, 8.0]])).tolist()
    [[0.5, 0.0, 5.0], [1.0, 2.0, 8.0]]
    >>> encoding.groups
    (slice(0, 2, None), slice(2, 3, None))
    """

    pieces: tuple[Piece, ...]

    @classmethod
    def of(
        cls,
        x: Rows,
        bins: int = 8,
        weight: Float64[np.ndarray, " rows"] | None = None,
        columns: Columns | None = None,
        categories: Sequence[int] | None = None,
        *,
        beside: bool = False,
    ) -> "PiecewiseLinear":
        """The encoding by quantiles of training rows.

        Edges are the distinct quantiles at 0, 1 / bins, ..., 1. A column passes as it is where fewer than two bins
        come of it, as of one with two values.

        Args:
            x: finite numbers, (rows, columns), at best standardised.
            bins: most bins of a column.
            weight: of the rows: one of weight 2 counts like two rows.
            columns: those to be encoded, as a mask or as indices; None: all that are no codes.
            categories: per column the number of categories whose code it holds, or 0 for a number; None: no codes.
            beside: whether a column that is encoded stands in front of its bins.

        Raises:
            BadInput: for bins below 1, or columns that are not there.
        """
        checks.whole("bins", bins, at_least=1)
        counts = np.zeros(x.shape[1], int) if categories is None else np.asarray(categories)
        chosen = _mask(columns, x.shape[1]) & (counts == 0)
        edges = distinct_quantiles(x[:, chosen], bins, weight)
        pieces: list[Piece] = []
        for count, cut in zip(counts.tolist(), chosen.tolist(), strict=True):
            if count:
                pieces.append(Categories(count))
            else:
                pieces.append(_bins(next(edges), beside=beside) if cut else Raw())
        return cls(tuple(pieces))

    @property
    def columns(self) -> int:
        """Columns that go in."""
        return len(self.pieces)

    @cached_property
    def groups(self) -> tuple[slice, ...]:
        """The outputs of each column."""
        ends = np.cumsum([0, *self._counts]).tolist()
        return tuple(slice(start, stop) for start, stop in pairwise(ends))

    @property
    def outputs(self) -> int:
        """Numbers that come out of a row."""
        return self.groups[-1].stop if self.groups else 0

    @property
    def plain(self) -> bool:
        """Whether all columns pass as they are."""
        return all(isinstance(piece, Raw) for piece in self.pieces)

    @cached_property
    def bent(self) -> Bool[np.ndarray, " outputs"]:
        """The outputs that are bins of a column that stands beside them."""
        parts = [np.zeros(piece.outputs, bool) for piece in self.pieces]
        for part, piece in zip(parts, self.pieces, strict=True):
            part[1:] = isinstance(piece, Bins) and piece.beside
        return np.concatenate([np.zeros(0, bool), *parts])

    def encode(self, x: Rows) -> Float64[np.ndarray, "rows outputs"]:
        """The outputs of rows."""
        if x.ndim != 2 or x.shape[1] != self.columns:
            expected, remedy = f"shape (rows, {self.columns})", "give the columns that were encoded in training"
            raise BadInput("x", expected=expected, came=x.shape, remedy=remedy)
        out, ramps, (coded, code) = x[:, self._sources], self._ramps, self._codes
        if any(isinstance(piece, Bins) for piece in self.pieces):
            out -= ramps.left
            out /= ramps.width
            np.clip(out, ramps.low, ramps.high, out=out)
        if len(coded):
            out[:, coded] = out[:, coded] == code
        return out

    def rectifiers(self) -> Rectifiers:
        """The same as e = A relu(Bx + b) + c, of codes at the integers from -1 on."""
        hinges = [piece.hinges() for piece in self.pieces]
        column = np.repeat(np.arange(self.columns), [len(part.slope) for part in hinges])
        weight = np.zeros((len(column), self.columns))
        weight[np.arange(len(column)), column] = _joined(hinges, "slope")
        mixing = csr_array(block_diag([part.mixing for part in hinges], format="csr"))
        return Rectifiers(weight, _joined(hinges, "bias"), mixing, _joined(hinges, "shift"))

    @cached_property
    def _sources(self) -> Int[np.ndarray, " outputs"]:
        """The column of each output."""
        return np.repeat(np.arange(self.columns), self._counts)

    @cached_property
    def _ramps(self) -> Ramps:
        """The ramp of each output; one without ends leaves what is no bin as it is, to the bit."""
        ramps = [piece.ramps() if isinstance(piece, Bins) else endless(piece.outputs) for piece in self.pieces]
        return Ramps(*(np.concatenate([getattr(part, name) for part in ramps]) for name in RAMP))

    @cached_property
    def _codes(self) -> tuple[Int[np.ndarray, " coded"], Float64[np.ndarray, " coded"]]:
        """The outputs that are categories, and their codes."""
        counts = [piece.count for piece in self.pieces if isinstance(piece, Categories)]
        coded = np.repeat([isinstance(piece, Categories) for piece in self.pieces], self._counts)
        return np.flatnonzero(coded), np.concatenate([np.zeros(0), *map(np.arange, counts)])

    @cached_property
    def _counts(self) -> list[int]:
        return [piece.outputs for piece in self.pieces]


def _joined(hinges: Sequence[Hinges], name: str) -> Float64[np.ndarray, " joined"]:
    return np.concatenate([getattr(part, name) for part in hinges])


def _bins(edges: Float64[np.ndarray, " edges"], *, beside: bool) -> Piece:
    """One bin is a line, which the layer behind draws as well."""
    return Bins(edges, beside) if len(edges) > 2 else Raw()


def _mask(columns: Columns | None, count: int) -> Bool[np.ndarray, " columns"]:
    """The chosen columns as a mask."""
    mask = np.full(count, columns is None)
    if columns is not None:
        index = np.asarray(columns)
        if index.dtype == bool and index.shape != (count,):
            expected, remedy = f"a mask of {count} columns", "give one flag per column"
            raise BadInput("columns", expected=expected, came=f"shape {index.shape}", remedy=remedy)
        try:
            mask[index.astype(int) if index.size == 0 else index] = True
        except IndexError:
            expected, remedy = f"indices below {count}, or a mask", "count columns from 0"
            raise BadInput("columns", expected=expected, came=columns, remedy=remedy) from None
    return mask
