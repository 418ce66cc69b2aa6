"""Training: an engine for many small networks of real width at once, and one network that learns its width."""

from continuum.train.ensemble import train
from continuum.train.learning import Learned, Learning, Likelihood, WidthPath, learn, width_path
from continuum.train.member import Member
from continuum.train.settings import Settings
from continuum.train.stream import Stream
from continuum.train.trained import Trained

__all__ = [
    "Learned",
    "Learning",
    "Likelihood",
    "Member",
    "Settings",
    "Stream",
    "Trained",
    "WidthPath",
    "learn",
    "train",
    "width_path",
]
