"""Gradients of an expectation :math:`E_q f` in the parameters of a discrete law q; the room knows no network."""

from continuum.estimators.bernoulli import Bernoulli
from continuum.estimators.categorical import Categorical
from continuum.estimators.concrete import Concrete
from continuum.estimators.discrete import Discrete
from continuum.estimators.estimator import Estimate, Estimator, Loss
from continuum.estimators.exact import Exact
from continuum.estimators.rebar import Rebar
from continuum.estimators.relax import Relax
from continuum.estimators.sampled import Sampled
from continuum.estimators.score import ScoreFunction

__all__ = [
    "Bernoulli",
    "Categorical",
    "Concrete",
    "Discrete",
    "Estimate",
    "Estimator",
    "Exact",
    "Loss",
    "Rebar",
    "Relax",
    "Sampled",
    "ScoreFunction",
]
