"""Shared weights, and the optimiser that trains them."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

#: Decay rates of Adam's two moments, and what keeps its denominator off 0.
MOMENTS, EPSILON = (0.9, 0.999), 1e-8


@dataclass
class Weights:
    """A flat vector of weights with the moments of Adam; decay is added to the gradient, as the engine does.

    >>> weights = Weights.of(torch.zeros(2), decayed=torch.tensor([True, False]))
    >>> weights.step(torch.tensor([1.0, -1.0]), lr=0.1)
    >>> weights.vector
    tensor([-0.1000,  0.1000])
    """

    vector: Float[Tensor, " size"]
    mean: Float[Tensor, " size"]
    square: Float[Tensor, " size"]
    decayed: Bool[Tensor, " size"]
    steps: int = 0

    @classmethod
    def of(cls, vector: Float[Tensor, " size"], decayed: Bool[Tensor, " size"]) -> "Weights":
        """Before the first step."""
        return cls(vector, torch.zeros_like(vector), torch.zeros_like(vector), decayed)

    def copy(self) -> "Weights":
        """The same state, to be trained on its own."""
        return Weights(self.vector.clone(), self.mean.clone(), self.square.clone(), self.decayed, self.steps)

    @torch.no_grad()
    def step(self, gradient: Float[Tensor, " size"], lr: float, weight_decay: float = 0.0) -> None:
        """One step of Adam."""
        if weight_decay:
            gradient = gradient + weight_decay * self.decayed * self.vector
        self.steps += 1
        first, second = MOMENTS
        self.mean.lerp_(gradient, 1 - first)
        self.square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
        root = (self.square / (1 - second**self.steps)).sqrt_().add_(EPSILON)
        self.vector = torch.addcdiv(self.vector, self.mean, root, value=-lr / (1 - first**self.steps))
