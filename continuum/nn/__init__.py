"""Modules: continuous width inside ordinary networks, and the way back to plain ones."""

from continuum.nn.export import Exported, export
from continuum.nn.gate import Gate
from continuum.nn.hyperlinear import HyperLinear, row_scaled
from continuum.nn.mlp import MLP
from continuum.nn.resize import resize
from continuum.nn.skip import Skip

__all__ = ["MLP", "Exported", "Gate", "HyperLinear", "Skip", "export", "resize", "row_scaled"]
