"""How often an answer is right, beside what an answer that looks at nothing would score."""

import numpy as np
from numpy.typing import ArrayLike


def base_rate(truth: ArrayLike) -> float:
    """Accuracy of the better of the answers "always" and "never".

    >>> base_rate([True] * 70 + [False] * 5)
    0.9333333333333333
    """
    share = _booleans(truth).mean() if np.size(truth) else np.nan
    return float(max(share, 1 - share))


def balanced_accuracy(truth: ArrayLike, answer: ArrayLike) -> float:
    r"""Mean of the shares of right answers among the true and among the false cases; a constant scores 1/2.

    .. math:: \tfrac12 P(\text{answer} \mid \text{true}) + \tfrac12 P(\text{no answer} \mid \text{false})

    NaN where all cases are of one kind.

    Reference: K. Brodersen et al., "The balanced accuracy and its posterior distribution", ICPR 2010.

    >>> balanced_accuracy([True, True, True, False], [True, True, True, True])
    0.5
    """
    true, said = _booleans(truth), _booleans(answer)
    if true.shape != said.shape:
        raise ValueError(f"answer: expected one for each of {true.size} cases, got {said.size}")
    if not true.any() or true.all():
        return float("nan")
    return float((said[true].mean() + (~said[~true]).mean()) / 2)


def _booleans(values: ArrayLike) -> np.ndarray:
    return np.asarray(values, dtype=bool).ravel()
