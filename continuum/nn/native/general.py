"""The general form of the compiled perceptron: what it computes, by operations that can be differentiated again."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call
from torch.nn.functional import gelu

from continuum.nn.prefix import gated_linear
from continuum.widths import Affine, Fuzzy, Interval, SoftSupport, sampling
from continuum.widths.concrete import relaxed_gates

#: Activations as the sources number them.
ACTIVATIONS = (torch.tanh, torch.relu, gelu)
#: Tensors of each law as the sources number them.
NAMES = (("gamma",), ("scores", "total"), ("f.gamma", "f.slope", "kappa"), ("logits", "temperature"))


def gradients(
    description: tuple[Any, ...],
    inputs: Sequence[Tensor],
    noise: Sequence[Tensor],
    wanted: Sequence[bool],
    given: Tensor,
) -> list[Tensor | None]:
    """Gradients of the inputs that want one, from that of the outputs; with a graph where gradients are enabled."""
    create = torch.is_grad_enabled()
    with torch.enable_grad():
        # Aliases, because one input may be a function of another: each gets its own part.
        own = [_alias(value, want, create) for value, want in zip(inputs, wanted, strict=True)]
        outputs = perceptron(description, own, noise)
        chosen = [value for value, want in zip(own, wanted, strict=True) if want]
        found = iter(torch.autograd.grad(outputs, chosen, given, create_graph=create, allow_unused=True))
    return [next(found) if want else None for want in wanted]


def _alias(value: Tensor, want: bool, create: bool) -> Tensor:
    if create:
        return value.view_as(value) if value.requires_grad else value
    return value.detach().requires_grad_(want)


def perceptron(description: tuple[Any, ...], inputs: Sequence[Tensor], noise: Sequence[Tensor]) -> Tensor:
    """Outputs of the network that this describes, with the numbers that a law drew, uniform on [0, 1)."""
    activation, drawn = ACTIVATIONS[description[0]], iter(noise)
    x, *tensors = inputs
    before: Tensor | None = None
    for law in description[1:]:
        weight, bias, *tensors = tensors
        values = dict(zip(NAMES[law[0]], tensors, strict=False))
        tensors = tensors[len(values) :]
        gates = _gates(law, values, drawn)
        x = activation(gated_linear(x, weight, bias, before, gates.shape[-1]))
        before = gates
    weight, bias = tensors
    return gated_linear(x, weight, bias, before, None)


def _gates(law: tuple[int, bool, float, int], values: dict[str, Tensor], drawn: Any) -> Tensor:
    kind, right, exponent, units = law
    if kind == 3:
        return relaxed_gates(values["logits"], values["temperature"], sampling.gumbel_at(next(drawn)))
    side: Any = "right" if right else "left"
    laws: Any = (
        lambda: Interval(units, 0.0, exponent, side=side),
        lambda: Fuzzy(units, 0.0, exponent=exponent, side=side),
        lambda: SoftSupport(units, Affine(0.0), 1.0),
    )
    gates: Tensor = functional_call(laws[kind](), values, ())
    if kind == 0:
        gates = gates[: min(int(values["gamma"].floor()) + 1, units)]
    return gates
