"""Modules: continuous width inside ordinary networks."""

from continuum.nn.gate import Gate

__all__ = ["Gate"]
