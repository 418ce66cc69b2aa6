"""Gradients of an expectation :math:`E_q f` in the parameters of a discrete law q; the room knows no network."""

from continuum.estimators.bernoulli import Bernoulli
from continuum.estimators.categorical import Categorical
from continuum.estimators.concrete import Concrete
from continuum.estimators.control import Rebar, Relax
from continuum.estimators.discrete import Discrete
from continuum.estimators.estimator import Estimate, Estimator, SampleLoss
from continuum.estimators.exact import Exact
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
    "Rebar",
    "Relax",
    "SampleLoss",
    "Sampled",
    "ScoreFunction",
]
