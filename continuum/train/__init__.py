"""The ensemble engine: many small networks of real width, trained at once."""

from continuum.train.ensemble import train
from continuum.train.member import Member
from continuum.train.settings import Settings
from continuum.train.stream import Stream
from continuum.train.trained import Trained

__all__ = ["Member", "Settings", "Stream", "Trained", "train"]
