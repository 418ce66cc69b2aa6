"""One network at a time in ordinary PyTorch: the oracle of the engine's tests and its first baseline."""

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from continuum.ensemble import Member, Settings, Stream
from continuum.ensemble.initial import initial, scales
from continuum.ensemble.stream import order
from continuum.nn import Gate
from continuum.nn.mlp import ACTIVATIONS


@dataclass
class PlainRun:
    """A network after its training, with the state of its best epoch."""

    network: nn.Sequential
    best: dict[str, Tensor] = field(default_factory=dict)
    best_epoch: int = 0
    validation_loss: list[float] = field(default_factory=list)
    validation_score: list[float] = field(default_factory=list)
    outcome: str = "ok"


def build(member: Member, settings: Settings, inputs: int, outputs: int) -> nn.Sequential:
    """Linear, activation, Gate, ..., Linear with all allocated units, at the engine's initial weights."""
    layers: list[nn.Module] = []
    for depth, (weight, bias) in enumerate(initial(member, settings, inputs, outputs)):
        if depth:
            gamma = torch.tensor(member.gamma[depth - 1], dtype=settings.dtype)
            width = settings.width(settings.units[depth - 1], gamma).requires_grad_(member.gamma_lr > 0)
            layers += [ACTIVATIONS[settings.activation](), Gate(width)]
        out_in = weight if depth == 0 else weight.T
        linear = nn.Linear(out_in.shape[1], out_in.shape[0], dtype=settings.dtype)
        linear.weight.data.copy_(out_in)
        linear.bias.data.copy_(bias)
        layers.append(linear)
    return nn.Sequential(*layers)


def tensors(stream: Stream, part: str, settings: Settings) -> tuple[Tensor, Tensor]:
    data = getattr(stream, part)
    y = torch.as_tensor(data.y) if stream.kind == "classification" else torch.as_tensor(data.y, dtype=settings.dtype)
    return torch.as_tensor(data.x, dtype=settings.dtype), y


def loss_of(stream: Stream, z: Tensor, y: Tensor) -> Tensor:
    if stream.kind == "classification":
        return nn.functional.cross_entropy(z, y)
    return (z.squeeze(-1) - y).square().mean() / 2


def score_of(stream: Stream, z: Tensor, y: Tensor) -> float:
    if stream.kind == "classification":
        return (z.argmax(-1) == y).double().mean().item()
    return math.sqrt((z.squeeze(-1) - y).square().mean().item()) * stream.scale


def optimizer(network: nn.Sequential, member: Member, settings: Settings, inputs: int) -> torch.optim.Optimizer:
    """torch's optimiser with a group for the weights and one for the biases of each layer, and one for the widths."""
    groups = []
    linears = [m for m in network if isinstance(m, nn.Linear)]
    for linear, scale in zip(linears, scales(member, settings, inputs), strict=True):
        groups.append({"params": [linear.weight], "lr": member.lr * scale.lr_weight})
        groups.append({"params": [linear.bias], "lr": member.lr * scale.lr_bias})
    widths = [m.width.gamma for m in network if isinstance(m, Gate) and member.gamma_lr]
    if widths:
        groups.append({"params": widths, "lr": member.gamma_lr})
    if settings.optimizer == "sgd":
        return torch.optim.SGD(groups, momentum=settings.momentum)
    return torch.optim.Adam(groups)


def decay(network: nn.Sequential, member: Member, settings: Settings, inputs: int, factor: float) -> None:
    """Weight decay on the weights between units that are on."""
    linears = [m for m in network if isinstance(m, nn.Linear)]
    on = [(m.width.gates().detach() > 0).to(settings.dtype) for m in network if isinstance(m, Gate)]
    ones = [torch.ones(linears[0].in_features, dtype=settings.dtype), *on]
    outs = [*on, torch.ones(linears[-1].out_features, dtype=settings.dtype)]
    for linear, source, target, scale in zip(linears, ones, outs, scales(member, settings, inputs), strict=True):
        amount = member.weight_decay * target.unsqueeze(1) * source
        if settings.optimizer == "adamw":
            linear.weight.data.mul_(1 - factor * member.lr * scale.lr_weight * amount)
        else:
            linear.weight.grad.add_(amount * linear.weight.data)


def plain_loop(member: Member, stream: Stream, settings: Settings) -> PlainRun:
    """Train one network, as a user of PyTorch would."""
    x, y = tensors(stream, "train", settings)
    inputs = x.shape[1]
    network = build(member, settings, inputs, stream.outputs)
    run = PlainRun(network)
    step_of = optimizer(network, member, settings, inputs)
    base = [group["lr"] for group in step_of.param_groups]
    per_epoch = math.ceil(len(x) / settings.batch)
    _close_epoch(run, stream, settings, 0)
    for epoch in range(settings.epochs):
        rows = torch.from_numpy(order(stream.seed, epoch, len(x)))
        for step, batch in enumerate(rows.split(settings.batch)):
            done = (epoch * per_epoch + step) / (settings.epochs * per_epoch)
            factor = 1.0 if settings.schedule == "constant" else 0.5 * (1 + math.cos(math.pi * done))
            for group, lr in zip(step_of.param_groups, base, strict=True):
                group["lr"] = lr * factor
            step_of.zero_grad()
            loss_of(stream, network(x[batch]), y[batch]).backward()
            if member.weight_decay:
                decay(network, member, settings, inputs, factor)
            step_of.step()
            for module in network:
                if isinstance(module, Gate) and member.gamma_lr:
                    module.width.gamma.data.clamp_(0, module.width.units)
        if _close_epoch(run, stream, settings, epoch + 1):
            break
    return run


@torch.no_grad()
def _close_epoch(run: PlainRun, stream: Stream, settings: Settings, epoch: int) -> bool:
    """Validate, keep the best weights, and say whether the training ends here."""
    if stream.validation is None:
        run.best = {name: value.clone() for name, value in run.network.state_dict().items()}
        run.best_epoch = epoch
        return False
    x, y = tensors(stream, "validation", settings)
    z = run.network(x)
    loss = loss_of(stream, z, y).item()
    run.validation_loss.append(loss)
    run.validation_score.append(score_of(stream, z, y))
    if not np.isfinite(loss):
        run.outcome = "diverged"
    elif loss <= min(run.validation_loss[: run.best_epoch + 1]) and (
        epoch == 0 or loss < run.validation_loss[run.best_epoch]
    ):
        run.best = {name: value.clone() for name, value in run.network.state_dict().items()}
        run.best_epoch = epoch
    elif settings.patience and epoch - run.best_epoch >= settings.patience:
        run.outcome = "stopped"
    return run.outcome != "ok"
