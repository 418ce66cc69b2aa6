"""The engine: many small networks of real width, trained at once."""

from continuum.ensemble.member import Member
from continuum.ensemble.settings import Settings
from continuum.ensemble.stream import Stream
from continuum.ensemble.trained import TrainedEnsemble
from continuum.ensemble.training import train

__all__ = ["Member", "Settings", "Stream", "TrainedEnsemble", "train"]
