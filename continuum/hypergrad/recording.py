"""Where ``torch.autograd`` may record: it takes half the time of ``torch.func`` on small problems."""

from collections.abc import Sequence

import torch
from torch import Tensor


def recordable() -> bool:
    """Whether this code runs as it stands: in no function that ``torch.func`` transforms, and in no inference mode.

    A transformed function shall not call ``requires_grad_`` and is told so, even where what ``vmap`` maps is hidden in
    a closure; so the question is put to an empty tensor. Where this says yes, tensors may be read as numbers, too.

    >>> recordable(), torch.func.vmap(lambda x: x + recordable())(torch.zeros(2))
    (True, tensor([0., 0.]))
    """
    if torch.is_inference_mode_enabled():
        return False
    try:
        torch.empty(0).requires_grad_()
    except RuntimeError:
        return False
    return True


def leaves_of(tensors: Sequence[Tensor]) -> list[Tensor]:
    """The same numbers, as what a recorded graph starts from."""
    return [tensor.detach().requires_grad_() for tensor in tensors]


def gradients_of(
    outputs: Sequence[Tensor],
    inputs: Sequence[Tensor],
    cotangents: Sequence[Tensor | None] = (None,),
    *,
    keep: bool = False,
    differentiable: bool = False,
) -> Sequence[Tensor]:
    """``torch.autograd.grad``, with 0 from an output that depends on no input.

    Args:
        outputs: of the recorded graph.
        inputs: what to differentiate in.
        cotangents: like the outputs; None stands for the 1 of a scalar.
        keep: the graph, for another time.
        differentiable: record the answer, too.

    >>> w = torch.ones(2, requires_grad=True)
    >>> gradients_of([3 * w.sum()], [w]), gradients_of([torch.tensor(3.0)], [w])
    ((tensor([3., 3.]),), (tensor([0., 0.]),))
    """
    pairs = [pair for pair in zip(outputs, cotangents, strict=True) if pair[0].requires_grad]
    if not pairs:
        return tuple(torch.zeros_like(leaf) for leaf in inputs)
    ends, weights = zip(*pairs, strict=True)
    return torch.autograd.grad(
        ends, inputs, weights, retain_graph=keep or None, create_graph=differentiable, materialize_grads=True
    )
