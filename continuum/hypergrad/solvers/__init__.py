"""Ways to solve H q = v for the inner Hessian H, known by its products with vectors."""

from continuum.hypergrad.solvers.conjugate_gradient import ConjugateGradient
from continuum.hypergrad.solvers.dense import Dense
from continuum.hypergrad.solvers.neumann import Neumann
from continuum.hypergrad.solvers.solver import Solved, Solver

__all__ = ["ConjugateGradient", "Dense", "Neumann", "Solved", "Solver"]
