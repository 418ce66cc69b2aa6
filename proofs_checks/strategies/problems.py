"""Problems with an inner and an outer loss.

What they are made of is imported when a problem is drawn: most tests need no hypergradients.
"""

from typing import TYPE_CHECKING, TypeVar

import torch
from hypothesis import strategies as st

from proofs_checks.strategies.arrays import tensors

if TYPE_CHECKING:
    from continuum.problems import Quadratic, QuadraticBilevel
    from proofs_checks.bilevel import Curved
    from proofs_checks.shared_weights import SharedWeights

Problem = TypeVar("Problem", bound="Quadratic")


@st.composite
def curved(draw: st.DrawFn, parameters: int = 3, hyperparameters: int = 2) -> "Curved":
    """Bilevel problems with a curved best response."""
    from proofs_checks.bilevel import Curved

    return Curved(
        shift=draw(tensors(parameters)),
        slopes=draw(tensors(parameters, hyperparameters)),
        bends=draw(tensors(parameters, hyperparameters, low=-1, high=1)),
        factor=draw(tensors(parameters, parameters, low=-1, high=1)),
        target=draw(tensors(parameters)),
        coupling=draw(tensors(hyperparameters, parameters)),
    )


def regressions(kind: type[Problem], rows: int = 4, features: int = 3, **options: float) -> st.SearchStrategy[Problem]:
    """Regressions with a hyperparameter: ``kind`` of rows to train on, their targets, rows to validate on, theirs."""
    data = [tensors(*shape) for shape in ((rows, features), (rows,), (rows, features), (rows,))]
    return st.builds(kind, *data, **{name: st.just(value) for name, value in options.items()})


@st.composite
def quadratics(draw: st.DrawFn, parameters: int = 3, hyperparameters: int = 2) -> "QuadraticBilevel":
    """Quadratic inside and outside; the eigenvalues of the inner Hessian lie between 1 and 4."""
    from continuum.problems import QuadraticBilevel

    factor = draw(tensors(parameters, parameters, low=-0.5, high=0.5))
    shape = (parameters, hyperparameters)
    return QuadraticBilevel(
        a=torch.eye(parameters, dtype=factor.dtype) + factor @ factor.mT,
        b=draw(tensors(parameters)),
        slope=draw(tensors(*shape)),
        target=draw(tensors(parameters)),
        cross=draw(tensors(*shape)),
    )


@st.composite
def shared_weights(draw: st.DrawFn, models: int = 3, weights: int = 2) -> "SharedWeights":
    """Models that share their weights; the eigenvalues of all training Hessians are at least 1."""
    from proofs_checks.shared_weights import SharedWeights

    factors = [draw(tensors(models, weights, weights, low=-1, high=1)) for _ in range(2)]
    curvatures = [torch.eye(weights, dtype=factor.dtype) + factor @ factor.mT for factor in factors]
    return SharedWeights(curvatures[0], draw(tensors(models, weights)), draw(tensors(models, weights)), curvatures[1])
