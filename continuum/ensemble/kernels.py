"""The one seam where the engine multiplies matrices and bends activations: each by the faster of two libraries.

On the CPU numpy does both. Its OpenBLAS has AVX-512 kernels on AMD processors, where torch's MKL takes its AVX2 path,
and it walks strided batches of small matrices with less overhead than ``torch.bmm``; its float kernels (SVML with
AVX-512, else its own) beat torch's: tanh 13x, exp 1.4x, log 5x, broadcast comparison 5x, measured on a core with
AVX-512. Elsewhere torch does. The memory is the tensors' own, never copied, and the choice is fixed, not measured at
run time, so that equal configurations give equal bits.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor


def product(
    left: Float[Tensor, "*batch rows inner"],
    right: Float[Tensor, "*batch inner columns"],
    out: Float[Tensor, "*batch rows columns"],
) -> Callable[[], object]:
    """Bind ``out = left @ right`` to the memory of three tensors; call the result to multiply.

    >>> a, b, c = torch.eye(2), torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.empty(2, 2)
    >>> multiply = product(a, b, c)
    >>> _ = multiply()
    >>> c
    tensor([[1., 2.],
            [3., 4.]])
    """
    if out.device.type == "cpu":
        return partial(np.matmul, left.numpy(), right.numpy(), out=out.numpy())
    # matmul(out=) materialises strided batches; a copy into the view is what it would do itself.
    return lambda: out.copy_(torch.matmul(left, right))


def tanh_(x: Tensor) -> Tensor:
    """Overwrite x by tanh x."""
    return _in_place(x, np.tanh, torch.tanh_)


def exp_(x: Tensor) -> Tensor:
    """Overwrite x by exp x."""
    return _in_place(x, np.exp, torch.exp_)


def log_(x: Tensor) -> Tensor:
    """Overwrite x by log x."""
    return _in_place(x, np.log, torch.log_)


def _in_place(x: Tensor, on_cpu: np.ufunc, elsewhere: Callable[[Tensor], Tensor]) -> Tensor:
    if x.device.type != "cpu":
        return elsewhere(x)
    on_cpu(x.numpy(), out=x.numpy())
    return x


def count_equal(x: Tensor, y: Tensor) -> int:
    """How many elements of x equal those of y, which is broadcast."""
    if x.device.type != "cpu":
        return int((x == y).count_nonzero())
    return int(np.count_nonzero(x.numpy() == y.numpy()))
