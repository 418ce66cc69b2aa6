"""Noise that a check chooses: samplers are enumerated and integrated instead of drawn from."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import numpy as np
import torch
from torch import Tensor

from continuum.widths import sampling

#: Panels of the half line, in units of the temperature; the relaxed sample is hard to e^-45 beyond the last.
PANELS = (0.0, 0.5, 1.5, 3.5, 7.0, 13.0, 25.0, 45.0)


@contextmanager
def uniforms(values: Tensor) -> Iterator[None]:
    """Inside, whoever asks torch for uniform noise gets these numbers, so that rows can be all cases of a law."""
    with mock.patch.object(torch, "rand_like", lambda like, **_: values.to(like).reshape(like.shape)):
        yield


@contextmanager
def gumbels(values: Tensor) -> Iterator[None]:
    """Inside, the Gumbel noise of relaxed samples is this one, so that rows can be the nodes of a quadrature."""
    with mock.patch.object(sampling, "gumbel", lambda like, generator=None: values.to(like).reshape(like.shape)):
        yield


def cells(parts: int, entries: int = 1) -> Tensor:
    """Midpoints of the parts^entries equal cells of the unit cube.

    They integrate exactly what is constant on each cell, such as samples whose probabilities are multiples of 1/parts.

    >>> cells(4).flatten().tolist()
    [0.125, 0.375, 0.625, 0.875]
    """
    points = (torch.arange(parts, dtype=torch.float64) + 0.5) / parts
    return torch.cartesian_prod(*[points] * entries).reshape(-1, entries)


def logistic_rule(location: float, temperature: float, nodes: int = 24) -> tuple[Tensor, Tensor]:
    r"""Nodes x and weights w with :math:`\sum w\, h(x) \approx E\,h(X)`, X standard logistic.

    For h that depends on :math:`(a + x)/t`, a the location and t the temperature: smooth on either side of x = -a. The
    nodes lie in panels of width O(t) around there, and of width O(1) further out.
    """
    x, w = (torch.from_numpy(part) for part in np.polynomial.legendre.leggauss(nodes))
    near = torch.tensor(PANELS, dtype=torch.float64) * temperature
    far = torch.cat([near, near[-1] + torch.linspace(2, 60, 30, dtype=torch.float64)])
    middle, half = (far[1:] + far[:-1]) / 2, (far[1:] - far[:-1]) / 2
    y, weights = (middle + half * x.unsqueeze(-1)).flatten(), (half * w.unsqueeze(-1)).flatten()
    both = torch.cat([y, -y]) - location
    return both, weights.repeat(2) * (both.sigmoid() * (-both).sigmoid())
