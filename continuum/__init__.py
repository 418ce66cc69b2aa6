"""continuum: neural networks whose hidden width is a real number."""

__version__ = "0.1.0"
