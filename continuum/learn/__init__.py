"""One run that learns the width of a network together with its weights."""

from continuum.learn.learning import Learned, Learning, Likelihood, WidthPath, learn, width_path

__all__ = ["Learned", "Learning", "Likelihood", "WidthPath", "learn", "width_path"]
