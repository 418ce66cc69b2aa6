"""Gated perceptrons as one compiled node of autograd: optional, built by ``python -m continuum.nn.native``.

The general form, in Python, stays what it was. It is what the compiled node is tested against, what takes over where
that does not know the case (other laws and devices, batches, vmap, forward mode, torch.compile, hooks), and what gives
derivatives of derivatives.
"""

from continuum.nn.native.library import build, extension
from continuum.nn.native.outputs import outputs

__all__ = ["build", "extension", "outputs"]
