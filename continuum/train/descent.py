"""Gradient steps on flat buffers, with one learning rate for all numbers or one for each."""

import torch
from torch import Tensor

from continuum.train.settings import Settings


class Descent:
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
        moved = parameters if isinstance(lr, float) else torch.zeros_like(parameters)
        self._moved = torch.nn.Parameter(moved, requires_grad=False)
        self._moved.grad = gradient
        self._optimizer: torch.optim.Optimizer
        if settings.optimizer == "sgd":
            self._optimizer = torch.optim.SGD([self._moved], lr=1.0, momentum=settings.momentum, fused=True)
            names = ["momentum_buffer"] if settings.momentum else []
        else:
            self._optimizer = torch.optim.Adam([self._moved], lr=1.0, fused=True)
            names = ["exp_avg", "exp_avg_sq"]
        #: Memories of the optimiser, flat like the parameters.
        self.slots = {name: torch.zeros_like(parameters) for name in names}
        count = torch.tensor(float(steps), dtype=torch.float32, device=parameters.device)
        self._optimizer.state[self._moved] = {"step": count, **self.slots}

    def step(self, factor: float = 1.0) -> None:
        """One step, at ``factor`` times the learning rates."""
        if self.decay is not None:
            self._shrink(self.decay, factor)
        if isinstance(self.lr, float):
            self._optimizer.param_groups[0]["lr"] = self.lr * factor
            self._optimizer.step()
        else:
            self._moved.zero_()
            self._optimizer.step()
            self.parameters.addcmul_(self._moved, self.lr, value=factor)

    def _shrink(self, decay: Tensor, factor: float) -> None:
        if self.decoupled:
            self.parameters.addcmul_(self.parameters, decay * self.lr, value=-factor)
        else:
            self.gradient.addcmul_(self.parameters, decay)
