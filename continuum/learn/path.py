"""The frontier of score against width from one falling price, as a lasso path."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class WidthPath:
    """Points of the frontier, from the highest price (the narrowest network) to the lowest.

    Args:
        prices: nats of the whole training set per unit of width.
        widths: (points, layers).
        units: ceil(widths), at least 1.
        train_loss: of networks rounded to ``units``: their mean loss on the rows that trained, on at most 512.
        score: of these rounded networks, too, since a graded width is no number of units: minus the mean over the
            held-out rows of Brier's score of class probabilities, of half the squared error, or of a loss of one's
            own. Greater is better.
        standard_error: of the score, over the held-out rows.
    """

    prices: tuple[float, ...]
    widths: Float[Tensor, "points layers"]
    units: tuple[tuple[int, ...], ...]
    train_loss: Float[Tensor, " points"]
    score: Float[Tensor, " points"]
    standard_error: Float[Tensor, " points"]

    def best(self) -> int:
        """The point of the highest held-out score; of equals that of the highest price."""
        return int(np.argmax(self.score.numpy()))

    def one_standard_error(self) -> int:
        """The fewest units whose score is within one standard error of the best one's; of equals the best score.

        Reference: L. Breiman et al., Classification and Regression Trees, 1984, section 3.4.3.

        >>> score, error = torch.tensor([0.1, 0.5, 0.6]), torch.tensor([0.1, 0.2, 0.2])
        >>> units = ((1,), (2,), (5,))
        >>> WidthPath((9.0, 3.0, 1.0), torch.ones(3, 1), units, -score, score, error).one_standard_error()
        1
        """
        best = self.best()
        enough = self.score >= self.score[best] - self.standard_error[best]
        good = torch.nonzero(enough).flatten().tolist()
        return int(min(good, key=lambda point: (sum(self.units[point]), -float(self.score[point]))))
