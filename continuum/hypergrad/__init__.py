"""d(outer loss)/d(hyperparameter) of bilevel problems: functions and pytrees in, direct term and response out."""

from continuum.hypergrad.bestresponse import BestResponse, Respond, linear
from continuum.hypergrad.direct import Direct
from continuum.hypergrad.implicit import Implicit
from continuum.hypergrad.noise import Hermite, Noise, Sampled
from continuum.hypergrad.problem import Bilevel, Predictive, Problem
from continuum.hypergrad.result import Cost, Hypergradient, Method, Outcome
from continuum.hypergrad.scale import scale_gradient
from continuum.hypergrad.selftuning import SelfTuning
from continuum.hypergrad.solvers.conjugate_gradient import ConjugateGradient
from continuum.hypergrad.solvers.dense import Dense
from continuum.hypergrad.solvers.neumann import Neumann
from continuum.hypergrad.solvers.solver import Solved, Solver
from continuum.hypergrad.tree import Tree
from continuum.hypergrad.unrolled import Unrolled

__all__ = [
    "BestResponse",
    "Bilevel",
    "ConjugateGradient",
    "Cost",
    "Dense",
    "Direct",
    "Hermite",
    "Hypergradient",
    "Implicit",
    "Method",
    "Neumann",
    "Noise",
    "Outcome",
    "Predictive",
    "Problem",
    "Respond",
    "Sampled",
    "SelfTuning",
    "Solved",
    "Solver",
    "Tree",
    "Unrolled",
    "linear",
    "scale_gradient",
]
