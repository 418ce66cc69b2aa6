"""What the compiled perceptron is asked: a network as numbers and tensors."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad
from torch.nn.modules import module as hooks

from continuum.nn.native.library import extension
from continuum.widths import Affine, Concrete, Fuzzy, Interval, SoftSupport, Width

#: Number of a law, whether derivatives come from the right, its exponent and units.
Law = tuple[int, bool, float, int]
Described = tuple[Law, tuple[Tensor, ...]]
#: Laws as the sources number them.
INTERVAL, FUZZY, SOFT_SUPPORT, CONCRETE = range(4)
#: Activations as the sources number them.
ACTIVATIONS: dict[type[nn.Module], int] = {nn.Tanh: 0, nn.ReLU: 1, nn.GELU: 2}


def outputs(net: nn.Module, x: Tensor) -> Tensor | None:
    """Outputs of an MLP, or None where the general form must compute them."""
    if torch.compiler.is_compiling() or (compiled := extension()) is None or _watched():
        return None
    found = described(net, x)
    return None if found is None else compiled.perceptron(*found)


def described(net: nn.Module, x: Tensor) -> tuple[tuple[Any, ...], list[Tensor]] | None:
    """Numbers and tensors of a network of plain layers, or None."""
    layers, activations, widths = (net._modules[name]._modules.values() for name in _PARTS)  # type: ignore[union-attr]
    if not widths or not len(layers) - 1 == len(activations) == len(widths):
        return None
    kind, tensors = _kind(next(iter(activations))), [x]
    numbers: list[Any] = [kind]
    for layer, activation, width in zip(layers, activations, widths, strict=False):
        law = LAWS.get(type(width))
        found = None if law is None or "gates" in width.__dict__ else law(width)
        if found is None or kind is None or _kind(activation) != kind or not _linear(layer, tensors):
            return None
        numbers.append(found[0])
        tensors += found[1]
    return (tuple(numbers), tensors) if _linear(next(reversed(layers)), tensors) else None


#: Lists of modules of an MLP.
_PARTS = ("layers", "activations", "widths")


def _watched() -> bool:
    """Whether something looks at, or changes, every operation: it must see them one by one."""
    return bool(
        torch._C._are_functorch_transforms_active()
        or forward_ad._current_level >= 0
        or torch.is_autocast_enabled("cpu")
        or torch._C._get_tracing_state() is not None
        or torch._C._len_torch_function_stack() > 0
        or hooks._has_any_global_hook()  # type: ignore[no-untyped-call]
    )


def _linear(layer: nn.Module | None, tensors: list[Tensor]) -> bool:
    """Append weight and bias of a plain layer; returns whether it is one."""
    if type(layer) is not nn.Linear:
        return False
    weight, bias = layer._parameters.get("weight"), layer._parameters.get("bias")
    if weight is None or bias is None:
        return False
    tensors += (weight, bias)
    return True


def _kind(activation: nn.Module | None) -> int | None:
    kind = ACTIVATIONS.get(type(activation))  # type: ignore[arg-type]
    if kind is None or activation is None or not _silent(activation):
        return None
    return None if type(activation) is nn.GELU and activation.approximate != "none" else kind


def _silent(module: nn.Module) -> bool:
    """Whether calling a module is calling its forward."""
    return not (
        module._forward_hooks
        or module._forward_pre_hooks
        or module._backward_hooks
        or module._backward_pre_hooks
        or "forward" in module.__dict__
    )


def _interval(width: Any) -> Described:
    return (INTERVAL, width.side == "right", float(width.exponent), width.units), (width.gamma,)


def _fuzzy(width: Any) -> Described | None:
    if width.training and width.mode != "scale":
        return None
    return (FUZZY, width.side == "right", float(width.exponent), width.units), (width.scores, width.total)


def _soft_support(width: Any) -> Described | None:
    f = width.f
    if type(f) is not Affine or width.panels != 1 or not _silent(f):
        return None
    return (SOFT_SUPPORT, True, 1.0, width.units), (f.gamma, f.slope, width.kappa)


def _concrete(width: Any) -> Described | None:
    if not width.training or width.mode != "relaxed":
        return None
    return (CONCRETE, True, 1.0, width.units), (width.logits, width.temperature)


#: How a law, and no other class made from it, is described.
LAWS: dict[type[Width], Callable[[Any], Described | None]] = {
    Interval: _interval,
    Fuzzy: _fuzzy,
    SoftSupport: _soft_support,
    Concrete: _concrete,
}
