"""The proximal step for training loops of your own."""

import copy
from typing import Any

import torch
from torch import Tensor, nn

from continuum import checks
from continuum.errors import BadInput
from continuum.learn.modules.adam import BlockAdam, layer_gates, shrink
from continuum.learn.modules.chain import chain_of
from continuum.learn.modules.lengths import settle
from continuum.learn.modules.metric import block_steps, forget
from continuum.learn.modules.recruitment import draw
from continuum.learn.modules.removal import remove
from continuum.learn.optimizer import Penalty
from continuum.learn.rounding import whole_units
from continuum.learn.run import REPACK
from continuum.learn.settings import LearnConfig


class WidthProx:
    r"""Learns the widths of a module in any training loop: call ``step`` behind every step of its optimiser.

    The loss stays what it is. Behind each gradient step every unit's block v, its weights in the next layer, takes
    the exact proximal step of

    .. math:: \min_{0 \le a \le 1} \frac{\lambda |v|^2}{2a} + \rho\,a, \qquad
        \rho = \frac{\text{price} \cdot \text{nat}}{\text{rows}},

    and lengths that are free without a price are put back (see :func:`continuum.learn.learn_width` for modules). Units
    whose block is 0 are given fresh directions now and then. No tensor changes its shape: an optimiser would go
    on to move the old ones, and nothing else, without a word. ``export`` gives the smaller network.

    Args:
        module: an ``nn.Sequential`` as :func:`continuum.learn.learn_width` takes it, which is changed in place; its
            scales are put in order at once, such that it computes the same where that is possible.
        price: nats of all rows that one unit must save.
        rows: training rows.
        optimizer: SGD, Adam or AdamW over the module's weights, without weight decay of the blocks; here, or at each
            call of ``step``, or by ``attach``. The gradient steps of SGD and the proximal ones are of one metric; those
            of Adam are, up to a share of :math:`1 - \beta_2`, because its second moments are made one per block.
        decay: :math:`\lambda`, in nats per row.
        nat: the loss that stands for one nat: 1 of cross-entropy, the variance of the residual of half squared errors.
            It may be set anew at any time.
        recruit: steps between two recruitments; 0 for none. Set it to 0 near the end, for units that were born
            late have learned little.
        seed: of fresh directions.

    Raises:
        BadInput: for a module that is no chain, or an optimiser that it cannot follow.

    >>> from torch.nn.functional import cross_entropy
    >>> _ = torch.manual_seed(0)
    >>> x = torch.randn(200, 2)
    >>> y = (x[:, 0] > 0).long()
    >>> net = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2))
    >>> optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    >>> prox = WidthProx(net, price=4.0, rows=len(x), optimizer=optimizer)
    >>> for step in range(400):
    ...     optimizer.zero_grad()
    ...     cross_entropy(net(x), y).backward()
    ...     optimizer.step()
    ...     prox.step()
    >>> prox.widths()[0] < 8, prox.export(x)[0].out_features <= 8
    (True, True)
    """

    def __init__(
        self,
        module: nn.Module,
        price: float,
        rows: int,
        optimizer: torch.optim.Optimizer | None = None,
        *,
        decay: float = LearnConfig.decay,
        nat: float = 1.0,
        recruit: int = REPACK,
        seed: int = 0,
    ) -> None:
        self.price = checks.positive("price", price, remedy="without a price every unit is worth having")
        self.rows = checks.whole("rows", rows, at_least=1)
        self.decay = checks.positive("decay", decay, remedy="without decay no width is worth its price")
        self.nat = checks.positive("nat", nat, remedy="give the loss that stands for one nat")
        self.recruit = checks.whole("recruit", recruit, at_least=0)
        self.chain, self.optimizer, self.steps = chain_of(module), optimizer, 0
        self.random = torch.Generator().manual_seed(seed)
        settle(self.chain, moved=True)

    @property
    def penalty(self) -> Penalty:
        """What a block costs by now, in units of the loss."""
        return Penalty(self.decay, self.price * self.nat / self.rows)

    @torch.no_grad()
    def step(self, optimizer: torch.optim.Optimizer | None = None) -> None:
        """The proximal step that belongs to the gradient step just taken."""
        stepped = self.optimizer if optimizer is None else optimizer
        if stepped is None:
            remedy = "give it to WidthProx, to step or to attach"
            raise BadInput("optimizer", expected="the one that stepped", came=None, remedy=remedy)
        self.steps += 1
        for layer in self.chain.layers:
            shrink(layer, block_steps(stepped, layer), self.penalty)
        settle(self.chain)
        if self.recruit and self.steps % self.recruit == 0:
            self._recruit(stepped)

    def attach(self, optimizer: torch.optim.Optimizer) -> Any:
        """Step behind every step of this optimiser, whoever calls it; the handle can ``remove`` that."""
        return optimizer.register_step_post_hook(lambda stepped, *_: self.step(stepped))

    def widths(self) -> tuple[float, ...]:
        """The sum of the gates of every hidden layer."""
        return tuple(float(layer_gates(layer, self.penalty).sum()) for layer in self.chain.layers)

    def export(self, x: Tensor | None = None) -> nn.Sequential:
        """A plain copy in eval mode without the silent units, which computes the same.

        Args:
            x: rows on which further units are removed, with the least change of the function, until ceil(width) are
                left. Train that copy on for a while, with a new optimiser.
        """
        chain = chain_of(copy.deepcopy(self.chain.module))
        optimizer, units = BlockAdam(chain), whole_units(self.widths())
        for layer in chain.layers:
            live = layer.live().nonzero().flatten()
            optimizer.keep(layer, live if len(live) else live.new_zeros(1))
        for number, keep in enumerate(units):
            if x is not None and chain.units()[number] > keep:
                remove(chain, optimizer, number, keep, x)
        return chain.module.eval()

    def _recruit(self, optimizer: torch.optim.Optimizer) -> None:
        for number, layer in enumerate(self.chain.layers):
            silent = (~layer.live()).nonzero().flatten()
            if len(silent):
                draw(self.chain, number, silent, self.random, lambda *entries: forget(optimizer, self.chain, entries))
        settle(self.chain)
