"""A network cut at its linear layers: what its gates can be folded into, and what changes with its units."""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import nn

from continuum.errors import BadInput
from continuum.nn.gate import Gate
from continuum.nn.mlp import MLP
from continuum.widths.width import Width

Named = tuple[str, nn.Module]
#: Batch norms: a scale and a shift per channel after training.
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
#: f(a x) = a f(x) for a >= 0.
HOMOGENEOUS = (nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d)
#: Functions of each entry, of no homogeneity.
ELEMENTWISE = (
    *(nn.Tanh, nn.Sigmoid, nn.GELU, nn.SiLU, nn.ELU, nn.SELU, nn.CELU, nn.Softplus, nn.Hardswish, nn.Mish),
    *(nn.Softsign, nn.Hardtanh, nn.ReLU6, nn.LogSigmoid, nn.Hardsigmoid, nn.Tanhshrink, nn.Softshrink),
)
#: Linear or homogeneous, on every channel by itself.
POOLS = (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)
#: All layers that act on every channel by itself.
PER_CHANNEL = (*NORMS, *HOMOGENEOUS, *ELEMENTWISE, *POOLS)


@dataclass
class Stretch:
    """A linear layer, what lies behind it, and the next linear layer; either end may be missing."""

    producer: Named | None
    members: list[Named]
    consumer: Named | None

    @property
    def gates(self) -> list[tuple[str, Gate]]:
        """The gates between the two layers."""
        return [(name, member) for name, member in self.members if isinstance(member, Gate)]

    @property
    def units(self) -> int:
        """Number of units that the gates act on."""
        return self.gates[0][1].width.units


def flat(model: nn.Module, prefix: str = "") -> list[Named]:
    """The layers of a model in the order in which they act, with their names.

    >>> [name for name, _ in flat(nn.Sequential(nn.Tanh(), nn.Sequential(nn.ReLU())))]
    ['0', '1.0']
    """
    if isinstance(model, MLP):
        model = model.sequential()
    if type(model) is not nn.Sequential:
        return [(prefix.rstrip("."), model)]
    return [named for name, child in model.named_children() for named in flat(child, f"{prefix}{name}.")]


def stretches(layers: list[Named]) -> Iterator[Stretch]:
    """Cut where a linear layer is, or one that is not known: this one ends a stretch without being part of any."""
    producer: Named | None = None
    members: list[Named] = []
    for named in layers:
        layer = named[1]
        if linear(layer):
            yield Stretch(producer, members, named)
            producer, members = named, []
        elif known(layer):
            members.append(named)
        else:
            _no_law_inside(named)
            yield Stretch(producer, members, None)
            yield Stretch(None, [named], None)
            producer, members = None, []
    yield Stretch(producer, members, None)


def linear(layer: nn.Module) -> bool:
    """Whether gates can be folded into a layer."""
    return type(layer) is nn.Linear or (type(layer) is nn.Conv2d and layer.groups == 1)


def known(layer: nn.Module) -> bool:
    """Whether a layer acts on every channel by itself, so that gates may lie on either side of it."""
    return type(layer) in (Gate, *PER_CHANNEL) or (type(layer) is nn.Flatten and layer.start_dim == 1)


def fits(stretch: Stretch) -> None:
    """Refuse gates that do not act on the units of the layer before them."""
    maps = isinstance((stretch.producer or stretch.consumer or ("", None))[1], nn.Conv2d)
    flattened = False
    size = _size(stretch.producer)
    for name, member in stretch.members:
        if isinstance(member, Gate):
            _fits(name, member, size or stretch.units, (1, -3) if maps and not flattened else (-1,))
        flattened = flattened or isinstance(member, nn.Flatten)
    _ends(stretch, maps and not flattened)


def _fits(name: str, gate: Gate, units: int, axes: tuple[int, ...]) -> None:
    if gate.width.units != units:
        came = f"{gate.width.units} units"
        raise BadInput(f"gate {name}", expected=f"{units} units", came=came, remedy="put the gate before Flatten")
    if gate.axis not in axes:
        expected = f"axis {' or '.join(map(str, axes))}"
        raise BadInput(f"gate {name}", expected=expected, came=f"axis {gate.axis}", remedy="gate the layer's outputs")


def _ends(stretch: Stretch, maps: bool) -> None:
    if stretch.consumer is None:
        return
    name, layer = stretch.consumer
    inputs = int(getattr(layer, "in_channels" if isinstance(layer, nn.Conv2d) else "in_features"))
    bad = inputs % stretch.units != 0 or isinstance(layer, nn.Conv2d) != maps
    if bad or (inputs != stretch.units and not any(type(member) is nn.Flatten for _, member in stretch.members)):
        expected = f"inputs that are the {stretch.units} units of the gate before it"
        raise BadInput(f"layer {name}", expected=expected, came=repr(layer), remedy="put nn.Flatten() between them")


def _size(producer: Named | None) -> int | None:
    if producer is None:
        return None
    layer = producer[1]
    return int(layer.out_channels if isinstance(layer, nn.Conv2d) else layer.out_features)  # type: ignore[arg-type]


def _no_law_inside(named: Named) -> None:
    name, layer = named
    if any(isinstance(inner, Width | Gate) for inner in layer.modules()):
        raise BadInput(
            f"layer {name or 'model'}",
            expected="nn.Sequential or MLP around gates",
            came=type(layer).__name__,
            remedy="hand over the part of the network that is a chain of layers",
        )
