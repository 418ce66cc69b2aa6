"""One run that learns the width of a network together with its weights."""

from continuum.learn.learning import LearnConfig, Likelihood, WidthPath, WidthResult, learn_width, width_path

__all__ = ["LearnConfig", "Likelihood", "WidthPath", "WidthResult", "learn_width", "width_path"]
