"""Whether one affine map separates labelled points: a linear program, which needs no training."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

Points = NDArray[np.float64]


def separated(points: Points, labels: NDArray[np.int64]) -> bool:
    """Whether some scores s_c = w_c . x + b_c are largest, without ties, at the label of every point.

    For two classes it is the question whether a hyperplane has one class strictly on each side.

    >>> line, classes = np.array([[0.0], [1.0], [2.0]]), np.array([0, 1, 2])
    >>> separated(line, classes), separated(line, classes % 2)
    (True, False)
    """
    rows, features = points.shape
    count = int(labels.max()) + 1
    above = np.c_[points, np.ones(rows)]
    constraints = []
    for other in range(count):
        chosen = labels != other
        block = np.zeros((int(chosen.sum()), count, features + 1))
        block[:, other] = above[chosen]
        block[np.arange(len(block)), labels[chosen]] -= above[chosen]
        constraints.append(block.reshape(len(block), -1))
    matrix = np.concatenate(constraints)
    # s_other - s_label <= -1; scores may be scaled, so that any margin is as good as 1.
    found = linprog(np.zeros(matrix.shape[1]), matrix, -np.ones(len(matrix)), bounds=(None, None))
    return bool(found.status == 0)
