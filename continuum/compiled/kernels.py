"""The kernels as Python calls them, on arrays of float32 or float64 that lie in rows without gaps."""

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from continuum.compiled.library import loaded

#: Floating-point numbers of either precision.
Numbers = NDArray[Any]
#: Columns of activations go into whole vectors of this many bytes.
VECTOR = 64


class _Readout(ctypes.Structure):
    """``Readout`` of kernels.cpp."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in "hidden starts weight to_weight bias to_bias target share spare".split()),
        *((name, ctypes.c_int64) for name in "networks outputs columns relu classes".split()),
    )


class _Moments(ctypes.Structure):
    """``Moments`` of kernels.cpp."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in "parameters gradient first second".split()),
        ("size", ctypes.c_int64),
        *((name, ctypes.c_double) for name in "beta1 beta2 epsilon".split()),
    )


class _Slice(ctypes.Structure):
    """``Slice`` of kernels.cpp."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in "hidden weight bias target starts gates spare loss score".split()),
        *((name, ctypes.c_int64) for name in "units outputs columns classes".split()),
    )


#: Columns of data that kernels.cpp takes at a time in a slice.
TILE = 128


def clip_rows(scores: Numbers, totals: Numbers) -> Numbers:
    r"""Grades :math:`\mathrm{clip}(p - \tau, 0, 1)` of sum c for every row, (rows, units), of totals (rows,)."""
    scores, totals = np.ascontiguousarray(scores), np.ascontiguousarray(totals)
    grades = np.empty_like(scores)
    sizes = (ctypes.c_int64(size) for size in scores.shape)
    _function("clip_rows", scores)(_address(scores), _address(totals), *sizes, _address(grades))
    return grades


def readout(
    hidden: Numbers,
    starts: NDArray[np.int64],
    weight: Sequence[Numbers],
    bias: Sequence[Numbers],
    target: Numbers,
    share: Numbers,
    *,
    relu: bool,
    classes: bool,
) -> Callable[[Numbers], object]:
    """Bind forward and backward pass of the output layers and losses of small networks to memory.

    The result is called with the gates of the units that the weights come from, (rows, outputs).

    Args:
        hidden: (rows, columns), before the activation for relu and behind it for tanh; becomes its gradient.
        starts: first row of each network, and the end of the last one.
        weight: of the outputs, (rows, outputs), with memory for its gradient.
        bias: (networks, outputs), with memory for its gradient.
        target: (outputs, columns), one-hot or values.
        share: weight of each column in the loss, (columns,).
        relu: the activation, else tanh.
        classes: cross-entropy of the softmax, else half the squared error.
    """
    rows, columns = hidden.shape
    outputs = len(target)
    spare = np.empty(rows * outputs + outputs * columns, hidden.dtype)
    arrays = [hidden, starts, *weight, *bias, target, share, spare]
    spec = _Readout(*map(_address, arrays), len(starts) - 1, outputs, columns, relu, classes)
    function, reference = _function("read_out", hidden), ctypes.byref(spec)

    def run(gates: Numbers) -> None:
        function(reference, _address(gates))

    run.arrays = arrays  # type: ignore[attr-defined]  # so that their memory lives as long
    return run


def adam(memories: Sequence[Numbers], betas: tuple[float, float], epsilon: float) -> Callable[[float, float], object]:
    r"""Bind Adam to flat parameters, their gradient and its two memories.

    The result is called with :math:`\eta / (1 - \beta_1^t)` and :math:`1 / \sqrt{1 - \beta_2^t}`.
    """
    spec = _Moments(*map(_address, memories), len(memories[0]), *betas, epsilon)
    function, reference = _function("adapt", memories[0]), ctypes.byref(spec)

    def run(step: float, correction: float) -> None:
        function(reference, ctypes.c_double(step), ctypes.c_double(correction))

    run.arrays = list(memories)  # type: ignore[attr-defined]
    return run


def slice_sums(
    hidden: Numbers,
    weight: Numbers,
    bias: Numbers,
    target: Numbers,
    starts: NDArray[np.int64],
    gates: Numbers,
    *,
    classes: bool,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Loss and score of a network cut to sorted widths, (widths,), each summed over the columns of data.

    Args:
        hidden: activations of the last hidden layer before its gates, (units, columns).
        weight, bias: of the outputs, (units, outputs) and (outputs,).
        target: (outputs, columns), one-hot or values.
        starts: first of the widths in [k, k + 1), for k from 0 to the units, and the number of widths.
        gates: of the unit that each width cuts.
        classes: cross-entropy and hits, else half the squared error and the error.
    """
    (units, columns), outputs = hidden.shape, len(bias)
    arrays = [np.ascontiguousarray(values) for values in (hidden, weight, bias, target, starts, gates)]
    spare = np.empty(outputs * (2 * TILE + VECTOR), hidden.dtype)
    loss, score = np.zeros(len(gates)), np.zeros(len(gates))
    spec = _Slice(*map(_address, [*arrays, spare, loss, score]), units, outputs, columns, classes)
    _function("slice", hidden)(ctypes.byref(spec))
    return loss, score


def _function(name: str, numbers: Numbers) -> Callable[..., object]:
    function = getattr(loaded(), f"{name}_{numbers.dtype.name}")
    function.restype = None
    return function  # type: ignore[no-any-return]


def _address(array: Numbers) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
