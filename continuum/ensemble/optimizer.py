"""Gradient steps on flat buffers, with one learning rate for all numbers or one per number."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.optim.adam import adam
from torch.optim.sgd import sgd

from continuum.ensemble.settings import Settings

#: Adam's memories decay at these rates, and its divisor is at least that (Kingma & Ba 2015).
BETAS, EPSILON = (0.9, 0.999), 1e-8


class FlatOptimizer:
    r"""torch's fused optimisers on one flat buffer.

    Where learning rates differ, the optimiser moves a displacement at rate 1, and the parameters follow at their own
    rates: a step of SGD or Adam is linear in the learning rate. Weight decay is added to the gradient (adam, sgd) or
    shrinks the parameters by :math:`1 - \eta\lambda` before the step (adamw), as in torch.

    Args:
        parameters, gradient: flat buffers; the parameters are changed in place.
        settings: optimizer and momentum.
        lr: a number, or a tensor like the parameters.
        steps: steps taken before (Adam corrects its bias by them).
    """

    def __init__(
        self, parameters: Tensor, gradient: Tensor, settings: Settings, lr: float | Tensor, steps: int = 0
    ) -> None:
        self.parameters, self.gradient, self.lr = parameters, gradient, lr
        self.decoupled = settings.optimizer == "adamw"
        self.decay: Tensor | None = None
        self._update: Callable[[Tensor, Tensor, dict[str, Tensor], Tensor, float], None]
        self._steps = torch.tensor(float(steps), dtype=torch.float32, device=parameters.device)
        if settings.optimizer == "sgd":
            self._update, names = partial(_sgd, settings.momentum), ["momentum_buffer"] if settings.momentum else []
        else:
            self._update, names = _adam, ["exp_avg", "exp_avg_sq"]
        #: Memories of the optimiser, flat like the parameters.
        self.slots = {name: torch.zeros_like(parameters) for name in names}
        self._moved = parameters if isinstance(lr, float) else torch.zeros_like(parameters)

    def step(self, factor: float = 1.0) -> None:
        """One step, at ``factor`` times the learning rates."""
        if self.decay is not None:
            self._shrink(self.decay, factor)
        if isinstance(self.lr, float):
            self._update(self._moved, self.gradient, self.slots, self._steps, self.lr * factor)
        else:
            self._update(self._moved.zero_(), self.gradient, self.slots, self._steps, 1.0)
            self.parameters.addcmul_(self._moved, self.lr, value=factor)

    def advance(self) -> float:
        """Count a step that another does in this one's place; returns the steps up to it."""
        return float(self._steps.add_(1))

    def _shrink(self, decay: Tensor, factor: float) -> None:
        if self.decoupled:
            self.parameters.addcmul_(self.parameters, decay * self.lr, value=-factor)
        else:
            self.gradient.addcmul_(self.parameters, decay)


def _adam(moved: Tensor, gradient: Tensor, slots: dict[str, Tensor], steps: Tensor, lr: float) -> None:
    adam(
        [moved],
        [gradient],
        [slots["exp_avg"]],
        [slots["exp_avg_sq"]],
        [],
        [steps],
        fused=True,
        amsgrad=False,
        beta1=BETAS[0],
        beta2=BETAS[1],
        lr=lr,
        weight_decay=0.0,
        eps=EPSILON,
        maximize=False,
    )


def _sgd(momentum: float, moved: Tensor, gradient: Tensor, slots: dict[str, Tensor], steps: Tensor, lr: float) -> None:
    sgd(
        [moved],
        [gradient],
        [slots.get("momentum_buffer")],
        fused=True,
        weight_decay=0.0,
        momentum=momentum,
        lr=lr,
        dampening=0.0,
        nesterov=False,
        maximize=False,
    )
