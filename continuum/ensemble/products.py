"""The one seam where the engine multiplies matrices."""

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

    On the CPU numpy multiplies (its OpenBLAS has AVX-512 kernels on AMD processors, where torch's MKL takes its
    AVX2 path, and it walks strided batches of small matrices with less overhead than ``torch.bmm``); elsewhere
    torch does. The memory is shared, never copied. The rule is fixed, not measured at run time, so that equal
    configurations give equal bits.

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
