"""Gates folded into the layers behind them, and units that are off removed."""

import copy
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from continuum.errors import BadInput
from continuum.nn.gate import Gate
from continuum.nn.stretch import ELEMENTWISE, NORMS, Named, Stretch


@dataclass
class Signal:
    """What is known of the channels at one place: the pending factor of those that are on, the value of the others."""

    scale: Float[Tensor, " units"]
    on: Bool[Tensor, " units"]
    constant: Float[Tensor, " units"]
    #: Whether a channel that is off has one value everywhere, borders included.
    flat: bool = True


def start(units: int, like: Tensor) -> Signal:
    """All channels on."""
    return Signal(like.new_ones(units), like.new_ones(units, dtype=torch.bool), like.new_zeros(units))


def through(signal: Signal, named: Named, gates: Float[Tensor, " units"] | None) -> nn.Module | None:
    """Carry the signal through one layer; returns the layer that stays in its place."""
    name, layer = named
    if isinstance(layer, Gate):
        if gates is not None:
            _gate(signal, gates)
        return None
    layer = copy.deepcopy(layer)
    if isinstance(layer, NORMS):
        layer = _normalise(signal, name, layer)
    elif type(layer) in ELEMENTWISE:
        _whole(signal, name, layer)
        signal.constant = layer(signal.constant)
    elif isinstance(layer, nn.PReLU | nn.ReLU | nn.LeakyReLU):
        signal.constant = layer(signal.constant.unsqueeze(0)).squeeze(0)
    elif isinstance(layer, nn.AvgPool2d) and (layer.padding not in (0, (0, 0)) or layer.divisor_override):
        # The zeros around the image are averaged in; they change nothing where the constant is 0, too.
        signal.flat = signal.flat and not bool(signal.constant[~signal.on].any())
    return layer


def _gate(signal: Signal, gates: Tensor) -> None:
    signal.on = signal.on & (gates != 0)
    signal.scale = signal.scale * gates
    # A constant is gated as well; behind the gate that closes a channel it is 0.
    signal.constant = signal.constant * gates


def _normalise(signal: Signal, name: str, layer: Any) -> Any:
    """BatchNorm of a scaled channel: w (s v - mu) / sigma + b, with s in the place of w; exact for any s >= 0."""
    mean, variance = layer.running_mean, layer.running_var
    if not isinstance(mean, Tensor) or not isinstance(variance, Tensor):
        came = "track_running_stats=False"
        raise BadInput(f"layer {name}", expected="running statistics", came=came, remedy="gate behind it instead")
    rate = (variance + layer.eps).rsqrt() * (1.0 if layer.weight is None else layer.weight)
    shift = (0.0 if layer.bias is None else layer.bias) - mean * rate
    signal.constant = rate * signal.constant + shift
    if bool((signal.scale == 1).all()):
        return layer
    folded = type(layer)(len(mean), eps=layer.eps, momentum=layer.momentum, device=mean.device, dtype=mean.dtype)
    folded.running_mean.zero_()
    folded.running_var.copy_(variance)
    folded.weight.copy_((1.0 if layer.weight is None else layer.weight) * signal.scale)
    folded.bias.copy_(shift)
    signal.scale = torch.ones_like(signal.scale)
    return folded


def _whole(signal: Signal, name: str, layer: nn.Module) -> None:
    soft = signal.on & (signal.scale != 1)
    if bool(soft.any()):
        raise BadInput(
            f"layer {name} ({type(layer).__name__})",
            expected="a positively homogeneous layer, as ReLU is, behind gates other than 0 and 1",
            came=f"gate {signal.scale[soft][0].item():g}",
            remedy="put the gate behind the activation, or export with hard=True",
        )


def removable(signal: Signal, stretch: Stretch) -> bool:
    """Whether the channels that are off can leave: their constants must fit into the bias of the next layer."""
    consumer = stretch.consumer and stretch.consumer[1]
    padded = isinstance(consumer, nn.Conv2d) and consumer.padding_mode == "zeros" and consumer.padding not in _NONE
    off = signal.constant[~signal.on]
    if signal.flat and not (padded and bool(off.any())):
        return True
    if bool((signal.scale[~signal.on] != 1).any()):  # the layers between do not make the constants by themselves
        raise BadInput(
            f"gate {stretch.gates[-1][0]}",
            expected="layers behind it that map 0 to 0, before zero padding",
            came="a constant other than 0 from units that are off",
            remedy="put the gate behind the activation",
        )
    return False


#: Paddings of a convolution that add nothing.
_NONE: tuple[object, ...] = ((0, 0), "valid")


def into(layer: Any, signal: Signal, absorb: bool) -> Any:
    """The next linear layer with the pending factors in its columns, and with constants in its bias if ``absorb``."""
    folded = copy.deepcopy(layer)
    weight = folded.weight
    factor = signal.scale * signal.on if absorb else signal.scale
    weight.copy_(weight * _columns(factor, weight).reshape(-1, *[1] * (weight.dim() - 2)))
    if absorb and bool(signal.constant[~signal.on].any()):
        constant = _columns(signal.constant * ~signal.on, weight)
        added = layer.weight.flatten(2).sum(2) @ constant if weight.dim() > 2 else layer.weight @ constant
        folded.bias = nn.Parameter(added if layer.bias is None else layer.bias + added)
    return folded


def without(layer: Any, keep: Tensor) -> Any:
    """The next linear layer with the kept columns."""
    narrowed = copy.deepcopy(layer)
    narrowed.weight = nn.Parameter(narrowed.weight[:, _columns(keep, narrowed.weight)].clone())
    _resize(narrowed, "in", narrowed.weight.shape[1])
    return narrowed


def _columns(units: Tensor, weight: Tensor) -> Tensor:
    """One number per column of the next layer, where Flatten has made several of each channel."""
    return units.repeat_interleave(weight.shape[1] // len(units))


def rows(layer: nn.Module, keep: Tensor) -> nn.Module:
    """The layer with the kept outputs, or the kept channels of a layer between."""
    narrowed = copy.deepcopy(layer)
    if isinstance(narrowed, nn.PReLU) and narrowed.num_parameters == 1:
        return narrowed
    for name, value in [*narrowed.named_parameters(recurse=False), *narrowed.named_buffers(recurse=False)]:
        if value.dim():
            entries = value[keep].clone()
            setattr(narrowed, name, nn.Parameter(entries) if isinstance(value, nn.Parameter) else entries)
    _resize(narrowed, "out", int(keep.sum()))
    return narrowed


def _resize(layer: nn.Module, side: str, size: int) -> None:
    for attribute in (f"{side}_features", f"{side}_channels", "num_features", "num_parameters"):
        if hasattr(layer, attribute):
            setattr(layer, attribute, size)
