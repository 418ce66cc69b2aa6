"""Allocate more or fewer units while training goes on."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from continuum import checks
from continuum.errors import BadInput
from continuum.nn.allocation import can_change, change
from continuum.nn.optimizing import can_follow, exchange, overlap
from continuum.nn.stretch import NORMS, Stretch, fits, flat, stretches

#: Makes tensors of another shape part of a module.
Swap = Callable[[nn.Module, str, Tensor], None]


def resize(model: nn.Module, optimizer: Optimizer | None, units: int | Sequence[int], *, force: bool = False) -> None:
    r"""Change in place how many units the gated layers allocate; the first ones stay as they are.

    New units start as their layers would: incoming and outgoing weights by ``reset_parameters``. The outgoing ones are
    not 0, because a unit whose gate and outgoing weights are both 0 would never get a gradient. So the function
    stays the same where the gates of new units are 0: for :class:`Interval`, whose gamma stays, always; for
    :class:`Fuzzy`, whose new units have grade 0; for :class:`SoftSupport` as far as f is negative on the new tiles
    (and for a gate before an activation only if that maps 0 to 0).

    Args:
        model: ``nn.Sequential`` or :class:`MLP`.
        optimizer: keeps its state (any tensor of a parameter's shape) for what stays and starts at 0 for new units;
            None if there is none.
        units: of every gated layer, in order; a number if there is one.
        force: drop units even if their gates are not 0; gamma and the cardinality are lowered to fit.

    Raises:
        BadInput: before anything is changed.

    >>> from continuum.nn import MLP
    >>> from continuum.widths import Interval
    >>> net, x = MLP(3, 1, widths=[Interval(4, gamma=2.5)]), torch.ones(5, 3)
    >>> optimizer, before = torch.optim.Adam(net.parameters()), net(x)
    >>> resize(net, optimizer, 8)
    >>> torch.allclose(net(x), before), net.widths[0].units, net.layers[0].weight.shape
    (True, 8, torch.Size([8, 3]))
    """
    hidden = [stretch for stretch in stretches(flat(model)) if stretch.gates]
    sizes = _sizes(hidden, units)
    _check(model, optimizer, hidden, sizes, force)

    def swap(owner: nn.Module, name: str, value: Tensor) -> None:
        old = getattr(owner, name)
        if not isinstance(old, nn.Parameter):
            setattr(owner, name, value)
            return
        new = nn.Parameter(value.detach(), requires_grad=old.requires_grad)
        setattr(owner, name, new)
        if optimizer is not None:
            exchange(optimizer, old, new)

    for stretch, size in zip(hidden, sizes, strict=True):
        _change(stretch, size, swap)


def _change(stretch: Stretch, size: int, swap: Swap) -> None:
    repeat = _inputs(stretch) // stretch.units
    for _, gate in stretch.gates:
        scores = change(gate.width, size)
        if scores is not None:
            swap(gate.width, "scores", scores)
    for _, layer in stretch.members:
        if isinstance(layer, NORMS):
            _rebuild(layer, {"num_features": size}, swap)
        elif isinstance(layer, nn.PReLU) and layer.num_parameters > 1:
            _rebuild(layer, {"num_parameters": size}, swap)
    for named, side, count in ((stretch.producer, "out", size), (stretch.consumer, "in", size * repeat)):
        if named is not None:
            kind = "channels" if isinstance(named[1], nn.Conv2d) else "features"
            _rebuild(named[1], {f"{side}_{kind}": count}, swap)


@torch.no_grad()
def _rebuild(layer: nn.Module, sizes: dict[str, int], swap: Swap) -> None:
    """Give a layer other sizes: fresh by its own reset scheme, then what both have from the old one."""
    fresh = copy.deepcopy(layer)
    for owner in (fresh, layer):
        for name, size in sizes.items():
            setattr(owner, name, size)
    tensors = {**dict(layer.named_parameters(recurse=False)), **dict(layer.named_buffers(recurse=False))}
    for name, value in tensors.items():
        if value.dim():
            empty = value.new_empty(_shape(layer, name, value))
            setattr(fresh, name, nn.Parameter(empty) if isinstance(value, nn.Parameter) else empty)
    fresh.reset_parameters()  # type: ignore[operator]
    for name, value in tensors.items():
        if value.dim() and getattr(fresh, name).shape != value.shape:
            swap(layer, name, overlap(getattr(fresh, name), value))


def _shape(layer: Any, name: str, value: Tensor) -> tuple[int, ...]:
    if type(layer) in (nn.Linear, nn.Conv2d):
        conv = type(layer) is nn.Conv2d
        rows, columns = (layer.out_channels, layer.in_channels) if conv else (layer.out_features, layer.in_features)
        return (rows, columns, *value.shape[2:]) if name == "weight" else (rows,)
    return (int(getattr(layer, "num_parameters" if isinstance(layer, nn.PReLU) else "num_features")),)


def _sizes(hidden: list[Stretch], units: int | Sequence[int]) -> list[int]:
    sizes = [units] if isinstance(units, int) else list(units)
    if len(sizes) != len(hidden) or not hidden:
        expected = f"{len(hidden)} numbers, one per gated layer"
        raise BadInput("units", expected=expected, came=units, remedy="give the units of every layer with a gate")
    return [checks.whole("units", size, at_least=1) for size in sizes]


def _check(model: nn.Module, optimizer: Optimizer | None, hidden: list[Stretch], sizes: list[int], force: bool) -> None:
    """All refusals, before anything is changed."""
    names = [name for name, _ in model.named_parameters(remove_duplicate=False)]
    if len(names) != len(list(model.parameters())):
        raise BadInput("model", expected="parameters in one place each", came="shared ones", remedy="untie them first")
    for stretch, size in zip(hidden, sizes, strict=True):
        if stretch.producer is None or stretch.consumer is None:
            came = f"gate {stretch.gates[0][0]}"
            remedy = "resize(...) needs nn.Linear or nn.Conv2d (groups=1) on both sides"
            raise BadInput("model", expected="a linear layer before and behind each gate", came=came, remedy=remedy)
        fits(stretch)
        for name, gate in stretch.gates:
            can_change(name, gate.width, size, force)
    for parameter in model.parameters() if optimizer is not None else ():
        can_follow(optimizer, parameter)  # type: ignore[arg-type]


def _inputs(stretch: Stretch) -> int:
    layer = stretch.consumer[1] if stretch.consumer else None
    return layer.in_channels if isinstance(layer, nn.Conv2d) else int(getattr(layer, "in_features", 0))
