"""Pytrees of tensors, and the vectors that hold the same numbers."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_map, tree_unflatten

from continuum.errors import BadInput

#: A tensor, or dicts, tuples and lists (nested as you like) of tensors.
Tree: TypeAlias = Any
Vector: TypeAlias = Float[Tensor, " size"]


def detached(what: str, tree: Tree) -> Tree:
    """The same numbers without their history; the given tensors stay as they are.

    >>> detached("hyperparameters", {"penalty": 0.1})
    Traceback (most recent call last):
    ...
    continuum.errors.BadInput: hyperparameters: expected floating-point tensors, got float; wrap numbers in torch.tensor
    """
    leaves, spec = tree_flatten(tree)
    if not leaves:
        raise BadInput(
            what, expected="at least one tensor", came=repr(tree), remedy="pass what is to be differentiated"
        )
    for leaf in leaves:
        if not isinstance(leaf, Tensor) or not leaf.is_floating_point():
            came = str(leaf.dtype) if isinstance(leaf, Tensor) else type(leaf).__name__
            raise BadInput(what, expected="floating-point tensors", came=came, remedy="wrap numbers in torch.tensor")
    return tree_unflatten([leaf.detach() for leaf in leaves], spec)


def ravel(tree: Tree) -> tuple[Vector, Callable[[Vector], Tree]]:
    """All numbers of a tree in one vector, and the way back.

    >>> vector, unravel = ravel({"w": torch.tensor([[1.0, 2.0]]), "b": torch.tensor(3.0)})
    >>> vector
    tensor([1., 2., 3.])
    >>> unravel(2 * vector)
    {'w': tensor([[2., 4.]]), 'b': tensor(6.)}
    """
    leaves, spec = tree_flatten(tree)
    return joined(leaves), lambda vector: tree_unflatten(split_like(vector, leaves), spec)


def joined(leaves: Sequence[Tensor]) -> Vector:
    """All numbers of some tensors in one vector; of one tensor, perhaps a view."""
    flat = [leaf.reshape(-1) for leaf in leaves]
    return flat[0] if len(flat) == 1 else torch.cat(flat)


def split_like(vector: Vector, leaves: Sequence[Tensor]) -> list[Tensor]:
    """The numbers of a vector in tensors like these."""
    pieces = torch.split(vector, [leaf.numel() for leaf in leaves]) if len(leaves) > 1 else (vector,)
    return [piece.reshape(leaf.shape).to(leaf.dtype) for leaf, piece in zip(leaves, pieces, strict=True)]


def add(a: Tree, b: Tree) -> Tree:
    """Leaf by leaf."""
    return tree_map(torch.add, a, b)


def zeros(tree: Tree) -> Tree:
    """As many zeros."""
    return tree_map(torch.zeros_like, tree)


def all_finite(tree: Tree) -> Tensor:
    """Whether no number of the tree is infinite or NaN, as a tensor."""
    return ravel(tree)[0].isfinite().all()
