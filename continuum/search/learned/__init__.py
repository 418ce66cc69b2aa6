"""Searches by what this package is about: the width of a network is learned in one run, then retrained from scratch."""

from continuum.search.learned.concrete import Concrete
from continuum.search.learned.graded import Graded
from continuum.search.learned.interval_gradient import IntervalGradient
from continuum.search.learned.search import LearnedWidth

__all__ = ["Concrete", "Graded", "IntervalGradient", "LearnedWidth"]
