"""A plain network of the width that was learned."""

import copy
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from continuum.errors import BadInput
from continuum.nn import folding
from continuum.nn.gate import Gate
from continuum.nn.stretch import Stretch, fits, flat, stretches


@dataclass(frozen=True)
class Exported:
    """A plain network, and what was lost on the way.

    Args:
        module: ``nn.Sequential`` of layers of PyTorch, in ``eval()`` mode.
        gap: largest difference of outputs on the data from the model after ``eval()``; None without data.
        allocated: units of every gated layer before.
        units: units of every gated layer now.
        notes: what a reader of the network should know.
    """

    module: nn.Sequential
    gap: float | None
    allocated: tuple[int, ...]
    units: tuple[int, ...]
    notes: tuple[str, ...]


@torch.no_grad()
def export(model: nn.Module, data: Float[Tensor, " rows *features"] | None = None, *, hard: bool = False) -> Exported:
    r"""Fold gates into the layers behind them and remove the units whose gates are 0.

    The model is an ``nn.Sequential`` or :class:`MLP`; it is left as it is. What is exported is what it computes after
    ``eval()``: laws that sample give their mean gates there. With :math:`h = \phi(\cdot)` and a Linear behind it,
    :math:`W (m \odot h) = (W\,\mathrm{diag}\,m)\,h`, without error but rounding. Between a gate and that layer may
    be what acts on every channel by itself: ReLU and pooling commute with gates, BatchNorm takes them into its
    scale, and other activations need gates of 0 and 1. A layer whose units are all off keeps one that nobody hears.

    Args:
        model: network with gates.
        data: rows on which to measure the gap.
        hard: round gates to 0 and 1 (from 1/2 on to 1); needs data, because that changes the outputs.

    >>> from continuum.nn import MLP
    >>> from continuum.widths import Interval
    >>> exported = export(MLP(3, 1, widths=[Interval(512, gamma=8.5)]), torch.ones(5, 3))
    >>> exported.module
    Sequential(
      (0): Linear(in_features=3, out_features=9, bias=True)
      (1): Tanh()
      (2): Linear(in_features=9, out_features=1, bias=True)
    )
    >>> exported.gap < 1e-6, exported.allocated, exported.units
    (True, (512,), (9,))
    """
    if hard and data is None:
        raise BadInput("data", expected="rows with hard=True", came=None, remedy="see how much rounding changes")
    quiet = copy.deepcopy(model).eval()
    layers: list[nn.Module] = []
    sizes: list[tuple[int, int]] = []
    notes: list[str] = []
    for stretch in stretches(flat(quiet)):
        if layers and stretch.producer is not None:
            stretch.producer = (stretch.producer[0], layers.pop())  # as the stretch before left it
        layers += _plain(stretch, hard, sizes, notes)
    module = nn.Sequential(*layers).eval()
    gap = None if data is None else (quiet(data) - module(data)).abs().amax().item()
    allocated, units = (tuple(size[side] for size in sizes) for side in (0, 1))
    return Exported(module, gap, allocated, units, tuple(notes))


def _plain(stretch: Stretch, hard: bool, sizes: list[tuple[int, int]], notes: list[str]) -> list[nn.Module]:
    """The layers of one stretch, without gates."""
    parts = [part[1] for part in (stretch.producer, *stretch.members, stretch.consumer) if part is not None]
    if not stretch.gates:
        return [copy.deepcopy(part) for part in parts]
    fits(stretch)
    gates = {name: _gates(name, gate, hard) for name, gate in stretch.gates}
    signal = folding.start(stretch.units, next(iter(gates.values())) if stretch.producer is None else _like(stretch))
    members = [folding.through(signal, named, gates.get(named[0])) for named in stretch.members]
    between = [member for member in members if member is not None]
    absorb = stretch.consumer is not None and folding.removable(signal, stretch)
    keep = _keep(stretch, signal, absorb, notes)
    sizes.append((stretch.units, int(keep.sum())))
    return _assembled(stretch, signal, between, keep, absorb)


def _assembled(
    stretch: Stretch, signal: folding.Signal, between: list[nn.Module], keep: Tensor, absorb: bool
) -> list[nn.Module]:
    if stretch.consumer is None:
        _nothing_pending(stretch, signal)
        return [*([copy.deepcopy(stretch.producer[1])] if stretch.producer else []), *between]
    last = folding.into(stretch.consumer[1], signal, absorb)
    if stretch.producer is None or bool(keep.all()):
        return [*([copy.deepcopy(stretch.producer[1])] if stretch.producer else []), *between, last]
    first, *between = [folding.rows(layer, keep) for layer in (stretch.producer[1], *between)]
    return [first, *between, folding.without(last, keep)]


def _keep(stretch: Stretch, signal: folding.Signal, absorb: bool, notes: list[str]) -> Tensor:
    name = stretch.gates[0][0]
    if stretch.producer is None or stretch.consumer is None:
        return torch.ones_like(signal.on)
    if not absorb:
        notes.append(f"gate {name}: units that are off stay, because zero padding surrounds their constant values")
        return torch.ones_like(signal.on)
    keep = signal.on.clone()
    if not bool(keep.any()):
        notes.append(f"gate {name}: all units are off; one stays, and the layer behind it is constant")
        keep[0] = True
    return keep


def _nothing_pending(stretch: Stretch, signal: folding.Signal) -> None:
    if bool((signal.scale != 1).any()):
        raise BadInput(
            f"gate {stretch.gates[-1][0]}",
            expected="a Linear, or a Conv2d with groups=1, to fold the gate into",
            came="the end of the network, or a layer that mixes channels in a way not known here",
            remedy="put a Linear behind the gate, or move the gate behind that layer",
        )


def _gates(name: str, gate: Gate, hard: bool) -> Tensor:
    gates = gate.width.gates()
    if gates.dim() != 1:
        came = f"shape {tuple(gates.shape)}"
        raise BadInput(f"gate {name}", expected="one width", came=came, remedy="export the members of a batch singly")
    if not bool(gates.isfinite().all()):
        raise BadInput(f"gate {name}", expected="finite gates", came="NaN or inf", remedy="look at what trained them")
    return (gates >= 0.5).to(gates.dtype) if hard else gates


def _like(stretch: Stretch) -> Tensor:
    weight = stretch.producer[1].weight if stretch.producer else None
    return weight if isinstance(weight, Tensor) else torch.empty(0)
