"""Widths of a user's own module, in a run of ours or in a training loop of theirs."""

from continuum.learn.modules.prox import WidthProx

__all__ = ["WidthProx"]
