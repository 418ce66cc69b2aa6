"""A multilayer perceptron whose cost follows its real widths, not the units that are allocated."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Literal

from jaxtyping import Float
from torch import Tensor, nn

from continuum import checks
from continuum.errors import BadInput
from continuum.nn import native
from continuum.nn.gate import Gate
from continuum.nn.prefix import active_gates, gated_linear
from continuum.widths.width import Width

#: Activations by name.
ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU, "gelu": nn.GELU}
Compute = Literal["active", "all"]


class MLP(nn.Module):
    r"""Linear layers with gated units between them: :math:`h_{l+1} = \phi(W_l (m_l \odot h_l) + b_l)`.

    On the CPU a step of such a network is about as cheap as that of a plain one once ``python -m continuum.nn.native``
    has compiled it, with the C++ compiler and the ninja of this machine, into one node of autograd. That equals
    :meth:`general`, the form without it, up to rounding, and ``CONTINUUM_NATIVE=0`` in the environment turns it off.

    Values and gradients are those of ``nn.Sequential(Linear, activation, Gate, Linear, ...)``, which
    :meth:`sequential` returns. Here the gates multiply the outgoing weights, which are fewer than the activations
    of a batch, and of an :class:`Interval` only the units that are on, and the one about to be born, are computed.
    Gradients of the others are 0, of full size: so an optimiser still pays for the allocation.

    Args:
        inputs: features.
        outputs: outputs of the last layer, which has no activation.
        widths: the law of every hidden layer, in order. Batched laws take x of shape (*batch, rows, inputs).
        activation: ``"tanh"``, ``"relu"``, ``"gelu"`` or a function that makes a module acting elementwise.
        compute: ``"active"`` units only, which asks gamma for its value (the host waits for a GPU, and torch.compile
            breaks its graph); or ``"all"``, for vmap over widths and for compiled graphs.

    >>> import torch
    >>> from continuum.widths import Interval
    >>> net = MLP(3, 1, widths=[Interval(512, gamma=8.5)], activation="relu")
    >>> net(torch.zeros(5, 3)).shape
    torch.Size([5, 1])
    >>> [layer.out_features for layer in net.layers]
    [512, 1]
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        widths: Sequence[Width],
        activation: str | Callable[[], nn.Module] = "tanh",
        *,
        compute: Compute = "active",
    ) -> None:
        super().__init__()
        checks.one_of("compute", compute, ("active", "all"))
        sizes = [checks.whole("inputs", inputs, at_least=1), *(_law(width).units for width in widths)]
        sizes.append(checks.whole("outputs", outputs, at_least=1))
        make = _activation(activation)
        self.compute: Compute = compute
        self.layers = nn.ModuleList(nn.Linear(rows, columns) for rows, columns in pairwise(sizes))
        self.activations = nn.ModuleList(make() for _ in widths)
        self.widths = nn.ModuleList(widths)

    def forward(self, x: Float[Tensor, "*rows inputs"]) -> Float[Tensor, "*rows outputs"]:
        """Output of the last layer."""
        outputs = native.outputs(self, x) if self.compute == "active" else None
        return self.general(x) if outputs is None else outputs

    def general(self, x: Float[Tensor, "*rows inputs"]) -> Float[Tensor, "*rows outputs"]:
        """The same, always by operations of torch, which know batches, transforms and compilers."""
        before: Tensor | None = None
        layers: list[Any] = [*self.layers]
        for layer, activation, width in self._hidden(layers):
            gates = active_gates(width) if self.compute == "active" else width.gates()
            x = activation(gated_linear(x, layer.weight, layer.bias, before, gates.shape[-1]))
            before = gates
            if gates.dim() > 1:
                x, before = Gate(width).gated(x, gates), None
        return gated_linear(x, layers[-1].weight, layers[-1].bias, before, None)

    def sequential(self) -> nn.Sequential:
        """The same network, sharing its modules, as layers one after the other; it computes all units."""
        parts = [
            part for layer, activation, width in self._hidden(self.layers) for part in (layer, activation, Gate(width))
        ]
        return nn.Sequential(*parts, self.layers[-1])

    def _hidden(self, layers: Iterable[Any]) -> Iterator[tuple[Any, Any, Any]]:
        return zip(layers, self.activations, self.widths, strict=False)  # the last layer is not hidden


def _law(width: object) -> Width:
    if not isinstance(width, Width):
        came = type(width).__name__
        raise BadInput("widths", expected="laws of width", came=came, remedy="give e.g. [Interval(64, gamma=8.5)]")
    return width


def _activation(activation: str | Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    if isinstance(activation, str):
        return ACTIVATIONS[checks.one_of("activation", activation, ACTIVATIONS, plural="activations")]
    if isinstance(activation, nn.Module) or not callable(activation):
        came = repr(activation)
        raise BadInput("activation", expected="a name or a factory of modules", came=came, remedy="give e.g. nn.SiLU")
    return activation
