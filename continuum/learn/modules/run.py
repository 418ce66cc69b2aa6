"""One run that learns the widths of a user's module, and what it leaves."""

import copy
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, fields

import torch
from torch import nn

from continuum.errors import BadInput, Diverged
from continuum.learn.modules.adam import BlockAdam, layer_gates
from continuum.learn.modules.batches import Batches, Data, Rows, batches
from continuum.learn.modules.chain import Chain, chain_of
from continuum.learn.modules.lengths import settle
from continuum.learn.modules.losses import ModuleLoss, NatLoss, nat_loss
from continuum.learn.modules.recruitment import repack
from continuum.learn.modules.removal import remove
from continuum.learn.optimizer import Penalty
from continuum.learn.result import WidthResult
from continuum.learn.rounding import DECAY, LR_FACTOR, whole_units
from continuum.learn.run import LAST_FRESH, REPACK
from continuum.learn.settings import LearnConfig, price_or_default, rounding_steps, steps_for
from continuum.progress import Meter, Progress

#: What of a LearnConfig a module leaves open.
OPEN = ("price", "steps", "batch", "lr", "decay", "seed", "resolution")
#: What to do instead of what only tensors can use.
INSTEAD = {
    "sample_weight": "weigh the rows inside of a loss of your own",
    "validation": "nothing is calibrated; give a price",
    "initial": "a module starts from its own weights",
    "classes": "a module has as many outputs as there are classes",
}
#: Points of the curves.
RECORDS = 100


def learn_module(
    module: nn.Module,
    data: Data,
    loss: ModuleLoss | None = None,
    config: LearnConfig | None = None,
    *,
    progress: Progress | None = None,
) -> WidthResult:
    """What :func:`continuum.learn.learn_width` does for a module."""
    config = _checked_config(LearnConfig() if config is None else config)
    device = next((parameter.device for parameter in module.parameters()), torch.device("cpu"))
    generators = torch.random.fork_rng(devices=[device] if device.type == "cuda" else [])
    with generators, torch.inference_mode(False), torch.enable_grad():
        chain = chain_of(_contiguous(copy.deepcopy(module)))
        torch.manual_seed(config.seed)
        rows = batches(data, config.batch, config.seed, device)
        probe = rows.probe()
        run = ModuleRun(chain, rows, probe, nat_loss(loss, probe[1], config.resolution), config)
        _try(run)
        return run.learned(progress)


def _contiguous(module: nn.Module) -> nn.Module:
    """The module with its weights in the order of their indices; blocks are views."""
    for parameter in module.parameters():
        if not isinstance(parameter, nn.UninitializedParameter):
            parameter.data = parameter.data.contiguous()
    return module


def refuse_tensor_options(**options: object) -> None:
    """Refuse what :func:`continuum.learn.learn_width` can use with tensors alone."""
    for name, value in options.items():
        if value is not None:
            came = type(value).__name__
            raise BadInput(name, expected="none with a module", came=came, remedy=INSTEAD[name])


def _checked_config(config: LearnConfig) -> LearnConfig:
    """Only what a module leaves open may differ from its default."""
    if not isinstance(config, LearnConfig):
        remedy = "give LearnConfig(price=..., steps=...)"
        raise BadInput("config", expected="a LearnConfig", came=repr(config), remedy=remedy)
    for option in fields(config):
        value = getattr(config, option.name)
        if option.name not in OPEN and value != option.default:
            expected, remedy = f"{option.default!r} with a module", f"a module leaves {', '.join(OPEN)} open"
            raise BadInput(option.name, expected=expected, came=repr(value), remedy=remedy)
    return config


@dataclass
class ModuleRun:
    """A copy of a user's module in training.

    Args:
        chain: of the copy.
        rows: what it is trained on.
        probe: rows on which curves and Gram matrices are measured.
        loss: with its nat.
        config: how widths are learned.
    """

    chain: Chain
    rows: Batches
    probe: Rows
    loss: NatLoss
    config: LearnConfig
    curve: list[tuple[list[float], float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.limits, self.random = self.chain.units(), torch.Generator().manual_seed(self.config.seed + 1)
        self.steps = steps_for(self.config.steps, self.rows.rows)
        self.price = price_or_default(self.config.price)
        self.optimizer, self.saturated = BlockAdam(self.chain), False

    def penalty(self) -> Penalty:
        """The penalty of a block by now."""
        return Penalty(self.config.decay, self.price * self.loss.nat / self.rows.rows)

    def widths(self) -> list[float]:
        """Sum of the gates of every layer."""
        penalty = self.penalty()
        return [float(layer_gates(layer, penalty).sum()) for layer in self.chain.layers]

    def mean_loss(self) -> float:
        """On the probe rows, in eval mode."""
        self.chain.module.eval()
        with torch.no_grad():
            value = float(self.loss(self.chain.module(self.probe[0]), self.probe[1]))
        self.chain.module.train()
        return value

    def learned(self, progress: Progress | None) -> WidthResult:
        """Both phases."""
        meter = Meter(progress, self.steps + rounding_steps(self.steps))
        settle(self.chain, moved=True)
        self._grade(meter)
        widths, nat = self.widths(), self.loss.nat
        graded, before = self.plain(), self.mean_loss()
        units = [min(pair) for pair in zip(whole_units(widths), self.chain.units(), strict=True)]
        self._round(units, sum(widths), meter)
        layers = [number for number, limit in enumerate(self.limits) if self.saturated and limit == units[number]]
        return WidthResult(
            network=self.plain(),
            widths=tuple(widths),
            units=tuple(units),
            width_curve=torch.tensor([widths for widths, _ in self.curve]),
            loss_curve=torch.tensor([loss for _, loss in self.curve]),
            steps=meter.done,
            graded=graded,
            rounding_gap=self.mean_loss() - before,
            saturated=bool(layers),
            notes=tuple(f"all {self.limits[n]} units of hidden layer {n} stayed: give the module more" for n in layers),
            price=self.price,
            activation="own",
            nat=nat,
        )

    def plain(self) -> nn.Sequential:
        """A copy of the module as it is now, in eval mode."""
        return copy.deepcopy(self.chain.module).eval()

    def _grade(self, meter: Meter) -> None:
        """Steps with a price, and with fresh directions for silent units; see ``continuum.learn.run``."""
        every, stream = max(self.steps // RECORDS, 1), iter(self.rows)
        self.chain.module.train()
        for t in range(self.steps):
            if t and t % REPACK == 0:
                reserve = t < LAST_FRESH * self.steps
                repack(self.chain, self.optimizer, self.random, self.limits, reserve=reserve)
            if t % every == 0:
                self._record()
                if meter.report(sum(self.curve[-1][0])):
                    meter.total -= self.steps - t
                    break
            self.descend(stream, self.config.lr * (1 + math.cos(math.pi * t / self.steps)) / 2, self.penalty())
            meter.done += 1
        repack(self.chain, self.optimizer, self.random, self.limits, reserve=False)
        self.saturated = self.chain.units() == self.limits
        self._record()

    def _round(self, units: list[int], width: float, meter: Meter) -> None:
        """Removal in ten rounds while training goes on without a price; see ``continuum.learn.rounding``."""
        steps, stream, first = rounding_steps(self.steps), iter(self.rows), self.chain.units()
        removing, every = max(steps // 2, 1), max(steps // RECORDS, 1)
        self.optimizer = BlockAdam(self.chain)
        penalty = Penalty(DECAY, 0.0, floor=self.penalty().slope)
        for t in range(steps):
            if t % max(removing // 10, 1) == 0:
                left = max(1 - (t + 1) / removing, 0) if t else 0.9
                self._shrink([n + int(left * (m - n)) for n, m in zip(units, first, strict=True)])
            if t % every == 0:
                meter.report(width)
            late = max(t - removing, 0) / max(steps - removing, 1)
            self.descend(stream, LR_FACTOR * self.config.lr * (1 + math.cos(math.pi * late)) / 2, penalty)
            meter.done += 1
        self._shrink(units)
        self._refuse_divergence()
        meter.report(width)

    def _shrink(self, units: list[int]) -> None:
        if self.chain.units() == units:
            return
        for number, keep in enumerate(units):
            if self.chain.units()[number] > keep:
                remove(self.chain, self.optimizer, number, keep, self.probe[0])
        settle(self.chain, moved=True)

    def descend(self, stream: Iterator[Rows], lr: float, penalty: Penalty) -> None:
        """One step on a minibatch under this penalty."""
        x, y = next(stream)
        outputs = self.chain.module(x)
        loss = self.loss(outputs, y)
        if not math.isfinite(value := loss.item()):
            raise Diverged(f"the loss is {value}")
        loss.backward()  # type: ignore[no-untyped-call]
        self.loss.follow(value, outputs)
        self.optimizer.step(lr, penalty)
        settle(self.chain)

    def _refuse_divergence(self) -> None:
        """Least squares, too, may leave the range of floats where units are removed."""
        numbers = self.chain.module.state_dict().values()
        if not all(bool(part.isfinite().all()) for part in numbers if part.is_floating_point()):
            raise Diverged("not all weights are finite")

    def _record(self) -> None:
        widths, loss = self.widths(), self.mean_loss()
        if not all(map(math.isfinite, [*widths, loss])):
            raise Diverged("not all weights are finite")
        self.curve.append((widths, loss))


def _try(run: ModuleRun) -> None:
    """Try module and loss on a few rows before any training; raises ``BadInput``."""
    numbers = [*run.chain.module.parameters(), *run.chain.module.buffers()]
    if not all(bool(part.isfinite().all()) for part in numbers if part.is_floating_point()):
        raise BadInput("module", expected="finite weights", came="NaN or inf", remedy="begin with a fresh one")
    x, y = (tensor[: run.rows.size] for tensor in run.probe)
    module = copy.deepcopy(run.chain.module).train()
    if isinstance(run.chain.leaves()[0], nn.Linear) and x.dim() != 2:
        remedy = "put Flatten() in front, or flatten the rows"
        raise BadInput("data", expected="rows of numbers", came=f"shape {tuple(x.shape)}", remedy=remedy)
    try:
        value = run.loss(module(x), y)
    except (RuntimeError, IndexError, ValueError, TypeError) as error:
        if isinstance(error, BadInput):
            raise
        expected, remedy = "rows that module and loss can take", "call loss(module(x), y) yourself"
        raise BadInput("data", expected=expected, came=f"an error, {error}", remedy=remedy) from error
    if not value.requires_grad or not bool(value.isfinite()):
        came = "a constant" if not value.requires_grad else "NaN or inf"
        raise BadInput("loss", expected="a finite value that depends on the outputs", came=came, remedy="mend it")
