"""The problems with numbers in them, always the same ones."""

import torch
from sklearn.datasets import make_regression
from torch import Tensor

from continuum.problems.bilevel import QuadraticBilevel
from continuum.problems.ridge import FeatureRidge, PlainRidge, Ridge
from continuum.problems.width import LinearWidth

#: dw*/dlambda of :func:`scikit_ridge` at the penalty 5.
SCIKIT_JACOBIAN = (-2.501716443155, -1.267182864933, -3.542636621692)


def ridge(features: int = 50, rows: int = 200, held_out: int = 100, dtype: torch.dtype = torch.float64) -> Ridge:
    """Features of unequal scale; with the defaults and lambda = -3 the Hessian has a condition number near 24 (23.5).

    >>> problem, lam = ridge(), torch.tensor(-3.0, dtype=torch.float64)
    >>> round(problem.condition(lam), 1)
    23.5
    """
    return Ridge(*_regression(features, rows, held_out, dtype))


def feature_ridge(
    features: int = 6, rows: int = 30, held_out: int = 20, dtype: torch.dtype = torch.float64
) -> FeatureRidge:
    """One penalty per feature."""
    return FeatureRidge(*_regression(features, rows, held_out, dtype))


def scikit_ridge() -> PlainRidge:
    """``make_regression(10, 3, random_state=0)``, validated on the rows that it is trained on.

    >>> problem = scikit_ridge()
    >>> [round(value, 8) for value in problem.jacobian(torch.tensor(5.0, dtype=torch.float64)).flatten().tolist()]
    [-2.50171644, -1.26718286, -3.54263662]
    """
    x, y = (torch.from_numpy(values) for values in make_regression(10, 3, random_state=0))
    return PlainRidge(x, y, x, y)


def quadratic_bilevel(parameters: int = 4, hyperparameters: int = 2) -> QuadraticBilevel:
    """Eigenvalues of the inner Hessian between 1 and about 5."""
    generator = torch.Generator().manual_seed(0)
    factor = _normal(generator, parameters, 2 * parameters)
    hessian = factor @ factor.mT / (2 * parameters)
    shape = (parameters, hyperparameters)
    b, target = _normal(generator, parameters), _normal(generator, parameters)
    slope, cross = _normal(generator, *shape), _normal(generator, *shape)
    return QuadraticBilevel(hessian + torch.eye(parameters, dtype=hessian.dtype), b, slope, target, cross)


def linear_width(features: int = 8, rows: int = 20, held_out: int = 20) -> LinearWidth:
    """At gamma = 3.3 the direct term says that a larger width hurts, and the total that it helps.

    >>> parts = linear_width().hypergradient(torch.tensor(3.3, dtype=torch.float64))
    >>> round(parts.direct.item(), 4), round(parts.total.item(), 4)
    (0.3363, -0.4567)
    """
    generator = torch.Generator().manual_seed(0)
    x, x_val, w = (_normal(generator, *shape) for shape in ((rows, features), (held_out, features), (features,)))
    y, y_val = x @ w + _normal(generator, rows), x_val @ w + _normal(generator, held_out)
    return LinearWidth(x, y, x_val, y_val, decay=0.1)


def _regression(features: int, rows: int, held_out: int, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(0)
    scale = torch.logspace(0, 0.5, features, dtype=torch.float64)
    w = _normal(generator, features)
    x, x_val = _normal(generator, rows, features) * scale, _normal(generator, held_out, features) * scale
    y, y_val = (inputs @ w + 0.5 * _normal(generator, len(inputs)) for inputs in (x, x_val))
    return x.to(dtype), y.to(dtype), x_val.to(dtype), y_val.to(dtype)


def _normal(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(*shape, generator=generator, dtype=torch.float64)
