"""Activations against torch's, their pull-backs against autograd; kernels against numpy's and torch's plain calls."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from continuum.ensemble import kernels
from continuum.ensemble.activations import GAIN, activation

CLOSE = {"rtol": 1e-13, "atol": 1e-15}
PLAIN = {"tanh": torch.tanh, "relu": torch.relu, "gelu": torch.nn.functional.gelu}


@pytest.mark.parametrize("name", PLAIN)
def test_forward_and_backward_are_those_of_torch(name: str) -> None:
    bend = activation(name)
    for size in (7, 5, 5):  # memory of another shape is taken anew, that of the same shape used again
        z = torch.randn(2, size, dtype=torch.float64, generator=torch.Generator().manual_seed(size))
        z[0, 0] = 0.0
        gradient = torch.linspace(-1, 2, 2 * size, dtype=torch.float64).view(2, size)
        plain = z.clone().requires_grad_()
        output = PLAIN[name](plain)
        (expected,) = torch.autograd.grad(output, plain, gradient)
        h, g = z.clone(), gradient.clone()
        bend.forward(h)
        bend.backward(g, h)
        assert_close(h, output.detach(), **CLOSE)
        assert_close(g, expected, **CLOSE)


def test_gains_keep_the_second_moment() -> None:
    """He's gain is 1 / sqrt(E max(z, 0)^2) for a standard normal z; the smooth rectifier takes it, too."""
    assert {"tanh": 1.0, "relu": pytest.approx(0.5**-0.5), "gelu": pytest.approx(0.5**-0.5)} == GAIN


@pytest.mark.parametrize("name", ["tanh", "exp", "log"])
def test_kernels_overwrite(name: str) -> None:
    x = torch.linspace(0.25, 2, 8, dtype=torch.float64)
    memory = x.clone()
    assert getattr(kernels, f"{name}_")(memory) is memory
    assert_close(memory, getattr(torch, name)(x), **CLOSE)


def test_products_share_the_memory_of_strided_batches() -> None:
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.randn(3, 4, 5, generator=generator, dtype=torch.float64) for _ in range(2))
    out = torch.full((3, 4, 4), torch.nan, dtype=torch.float64)
    multiply = kernels.product(left, right.mT, out)
    for _ in range(2):
        multiply()
        assert_close(out, left @ right.mT, **CLOSE)
        left += 1.0


def test_equal_elements_are_counted() -> None:
    x = torch.tensor([[1.0, 2.0], [1.0, 3.0]])
    assert kernels.count_equal(x, torch.tensor([1.0, 3.0])) == 3
    assert kernels.count_equal(x, x) == 4


def test_on_the_cpu_numpy_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The choice is fixed, for torch's kernels give other bits."""
    monkeypatch.setattr(torch, "matmul", None)
    x = torch.ones(2, 2)
    kernels.product(x, x, torch.empty(2, 2))()
    kernels._in_place(x, np.tanh, None)
    assert x[0, 0].item() == pytest.approx(np.tanh(1.0))
    monkeypatch.setattr(Tensor, "count_nonzero", None)
    assert kernels.count_equal(x, x) == 4
