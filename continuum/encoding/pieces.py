"""What becomes of one column: it passes, is cut into bins, or is the code of a category."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

Array = Float64[np.ndarray, "..."]


@dataclass(frozen=True, eq=False)
class Ramps:
    """Outputs clip((x - left) / width, low, high) of one column."""

    left: Array
    width: Array
    low: Array
    high: Array


def endless(outputs: int) -> Ramps:
    """Ramps that change nothing."""
    infinite = np.full(outputs, np.inf)
    return Ramps(np.zeros(outputs), np.ones(outputs), -infinite, infinite)


@dataclass(frozen=True, eq=False)
class Hinges:
    """Outputs A relu(slope * x + bias) + shift of one column; ``mixing`` is A."""

    slope: Array
    bias: Array
    mixing: Float64[np.ndarray, "outputs hinges"]
    shift: Array


@dataclass(frozen=True)
class Raw:
    """A column that passes as it is: x = relu(x) - relu(-x)."""

    @property
    def outputs(self) -> int:
        """1."""
        return 1

    def hinges(self) -> Hinges:
        """The positive part and the negative one."""
        return Hinges(np.array([1.0, -1.0]), np.zeros(2), np.array([[1.0, -1.0]]), np.zeros(1))


@dataclass(frozen=True, eq=False)
class Bins:
    r"""The piecewise linear encoding between edges :math:`q_0 < \dots < q_B`, two bins at least.

    .. math:: e_t = \mathrm{clip}\Bigl(\frac{x - q_t}{q_{t+1} - q_t}, 0, 1\Bigr), \qquad t = 0, \dots, B - 1,

    but :math:`e_0` has no lower end and :math:`e_{B-1}` no upper one, so that :math:`x = q_0 + \sum_t (q_{t+1} - q_t)
    e_t` everywhere. As rectifiers: one falls at :math:`q_1`, and one rises at each inner edge.

    Args:
        edges: (B + 1,), rising.
        beside: whether the column itself stands in front of its bins.
    """

    edges: Float64[np.ndarray, " edges"]
    beside: bool = False

    @property
    def bins(self) -> int:
        """B."""
        return len(self.edges) - 1

    @property
    def outputs(self) -> int:
        """The number of bins, and one more where the column stands beside them."""
        return self.bins + self.beside

    def ramps(self) -> Ramps:
        """One ramp per bin."""
        low, high = np.zeros(self.bins), np.ones(self.bins)
        low[0], high[-1] = -np.inf, np.inf
        cut = Ramps(self.edges[:-1], np.diff(self.edges), low, high)
        if not self.beside:
            return cut
        pairs = zip(vars(endless(1)).values(), vars(cut).values(), strict=True)
        return Ramps(*(np.concatenate(pair) for pair in pairs))

    def hinges(self) -> Hinges:
        """At the inner edges, as many as there are bins."""
        cut = self._bin_hinges()
        if not self.beside:
            return cut
        width = np.diff(self.edges)
        mixing = np.vstack([width @ cut.mixing, cut.mixing])
        return Hinges(cut.slope, cut.bias, mixing, np.append(self.edges[0] + width @ cut.shift, cut.shift))

    def _bin_hinges(self) -> Hinges:
        inner, width, bins = self.edges[1:-1], np.diff(self.edges), self.bins
        mixing, shift = np.zeros((bins, bins)), np.zeros(bins)
        mixing[0, 0], shift[0] = -1.0, 1.0
        mixing[np.arange(1, bins), np.arange(1, bins)] = 1.0
        mixing[np.arange(1, bins - 1), np.arange(2, bins)] = -1.0
        slope = np.append(-1.0, np.ones(bins - 1))
        return Hinges(slope, -slope * np.append(inner[0], inner), mixing / width[:, None], shift)


@dataclass(frozen=True)
class Categories:
    r"""The code 0, ..., K - 1 of a category as K outputs, of which one is 1; of code -1, which is unknown, none.

    As rectifiers: hat functions :math:`\mathrm{relu}(x - k + 1) - 2\,\mathrm{relu}(x - k) + \mathrm{relu}(x - k - 1)`,
    of which those that rise at :math:`-1, \dots, K - 2` are all that codes below K can tell.

    Args:
        count: K, 1 or more.
    """

    count: int

    @property
    def outputs(self) -> int:
        """The number of categories."""
        return self.count

    def hinges(self) -> Hinges:
        """At -1, ..., K - 2."""
        mixing = np.eye(self.count) - 2.0 * np.eye(self.count, k=1) + np.eye(self.count, k=2)
        return Hinges(np.ones(self.count), 1.0 - np.arange(self.count), mixing, np.zeros(self.count))


#: What becomes of one column.
Piece = Raw | Bins | Categories
