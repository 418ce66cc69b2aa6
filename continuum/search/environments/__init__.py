"""Search as an environment: a state, an action that is a network, and the fall of the objective as the reward.

Importing this room registers ``continuum/Width-v0`` with Gymnasium.
"""

from continuum.search.environments.descriptors import Descriptors, describe, task_split
from continuum.search.environments.problem import Problem
from continuum.search.environments.representations import (
    REPRESENTATIONS,
    Continuous,
    ContinuousRounded,
    Discrete,
    Representation,
    SoftmaxArgmax,
    represent,
    widths,
)
from continuum.search.environments.situation import Situation
from continuum.search.extras import library

__all__ = [
    "ENVIRONMENT",
    "REPRESENTATIONS",
    "Continuous",
    "ContinuousRounded",
    "Descriptors",
    "Discrete",
    "Problem",
    "Representation",
    "Situation",
    "SoftmaxArgmax",
    "describe",
    "represent",
    "task_split",
    "widths",
]

#: The name under which Gymnasium knows the environment.
ENVIRONMENT = "continuum/Width-v0"

if ENVIRONMENT not in library("gymnasium").registry:
    library("gymnasium").register(ENVIRONMENT, entry_point="continuum.search.environments.width:WidthEnv")
