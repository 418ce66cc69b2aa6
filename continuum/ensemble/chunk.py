"""Networks packed together: what steps, measures and hands back a rectangle of members."""

from collections.abc import Iterator, Sequence
from functools import cached_property

import torch
from jaxtyping import Float, Int
from torch import Tensor

from continuum.ensemble.fused import FusedStep, suits, whole_columns
from continuum.ensemble.gating import Gating, tied
from continuum.ensemble.initial import scales
from continuum.ensemble.layout import Layout
from continuum.ensemble.losses import loss_for
from continuum.ensemble.optimizer import FlatOptimizer
from continuum.ensemble.parts import StackedRows
from continuum.ensemble.passes import Pass
from continuum.ensemble.settings import Settings
from continuum.ensemble.state import State

#: Most rows of data that are measured at a time.
EVALUATED_COLUMNS = 256


class Chunk:
    """P members on each of S streams, packed into flat buffers.

    Args:
        states: S lists of P states; position p has the same rows on every stream.
        train: training rows of the streams.
        kind: classification or regression.
        steps: steps that these networks have taken.
    """

    def __init__(
        self, states: Sequence[Sequence[State]], train: StackedRows, kind: str, settings: Settings, steps: int = 0
    ) -> None:
        self.settings, self.train, self._kind, self.loss = settings, train, kind, loss_for(kind)
        outputs = train.target.shape[-1]
        self.layout = Layout(len(states), [state.rows for state in states[0]], train.features, outputs)
        self.states = [state for row in states for state in row]
        self.flat = self._buffer()
        self.gradient, self.best = torch.empty_like(self.flat), torch.empty_like(self.flat)
        self.gamma = self._gamma("gamma")
        self.best_gamma = self._gamma("best")
        self.gatings = [self._gating(layer) for layer in range(self.layout.depth)]
        self._pass = Pass(self.layout, self.flat, self.gradient, min(settings.batch, train.rows), settings, self.loss)
        self._evaluators: dict[int, Pass] = {}
        self._prepare_optimizers(steps)
        self._fuses = not self.learns and suits(self.layout, settings, self._pass.columns)
        self._fused: dict[int, tuple[Pass, FusedStep]] = {}
        self._fill()
        self.refresh()

    # ---- packing ---------------------------------------------------------------------------------------------

    def _buffer(self) -> Tensor:
        return torch.zeros(self.layout.size, dtype=self.settings.dtype, device=self.settings.device)

    def _gamma(self, slot: str) -> Float[Tensor, "layers members"]:
        if slot not in self.states[0].gamma_slots:
            return self.flat.new_zeros(self.layout.depth, len(self.states))
        return torch.stack([state.gamma_slots[slot] for state in self.states], 1).to(self.settings.device)

    def _gating(self, layer: int) -> Gating:
        gamma = self.gamma[layer]
        # A new law refuses NaN, which is what a diverged member may have.
        law = self.settings.width(self.settings.units[layer], gamma.nan_to_num(0.0))
        return Gating(self.layout, layer, tied(law, gamma))

    def _prepare_optimizers(self, steps: int) -> None:
        members = [state.member for state in self.states]
        self.optimizer = FlatOptimizer(self.flat, self.gradient, self.settings, self._lr(), steps)
        self._decays = torch.tensor([m.weight_decay for m in members], dtype=self.settings.dtype)
        self.learns = any(m.gamma_lr for m in members)
        lr = torch.tensor([m.gamma_lr for m in members], dtype=self.settings.dtype, device=self.settings.device)
        self._gamma_lr = lr.expand_as(self.gamma).contiguous()
        self.gamma_gradient = torch.zeros_like(self.gamma)
        self.gamma_optimizer = FlatOptimizer(self.gamma, self.gamma_gradient, self.settings, self._gamma_lr, steps)

    def _lr(self) -> float | Tensor:
        """Learning rate of every parameter; one number where all agree."""
        members = [state.member for state in self.states]
        different = {member.lr for member in members}
        if len(different) == 1 and self.settings.scaling == "standard":
            return different.pop()
        lr = self._buffer()
        for views, member in zip(self.layout.split(lr), members, strict=True):
            layers = scales(member, self.settings, self.layout.inputs)
            for (weight, bias), scale in zip(views, layers, strict=True):
                weight.fill_(member.lr * scale.lr_weight)
                bias.fill_(member.lr * scale.lr_bias)
        return lr

    def _buffers(self) -> dict[str, Tensor]:
        return {"weights": self.flat, "best": self.best, **self.optimizer.slots}

    def _fill(self) -> None:
        buffers = self._buffers()
        for name in self.states[0].slots:
            self.layout.join(buffers[name], [state.slots[name] for state in self.states])
        if "best" not in self.states[0].slots:
            self.best.copy_(self.flat)
        for name, memory in self.gamma_optimizer.slots.items():
            memory.copy_(self._gamma(name))

    def unpack(self, *names: str) -> list[State]:
        """The networks as they are now, each apart, on the CPU; with the named slots, or with all."""
        buffers = {name: buffer for name, buffer in self._buffers().items() if not names or name in names}
        gamma = {"gamma": self.gamma, "best": self.best_gamma, **self.gamma_optimizer.slots}
        slots = {name: self.layout.split(buffer.to("cpu", copy=True)) for name, buffer in buffers.items()}
        widths = {name: values.to("cpu", copy=True).unbind(1) for name, values in gamma.items()}
        return [
            State(
                state.number,
                state.member,
                state.rows,
                {name: members[i] for name, members in slots.items()},
                {name: values[i] for name, values in widths.items()},
            )
            for i, state in enumerate(self.states)
        ]

    # ---- training --------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Take gates and weight decay anew from the laws."""
        self.gates = [gating.weights() for gating in self.gatings]
        self._on = [gating.count_on() for gating in self.gatings]
        self.optimizer.decay = self._decay() if bool(self._decays.any()) else None

    def _decay(self) -> Tensor:
        """Weight decay of every parameter: that of its member for weights between units that are on, else 0."""
        decay = self._buffer()
        on = [(gating.law.gates().detach() > 0).to(decay.dtype) for gating in self.gatings]
        for number, (layers, strength) in enumerate(zip(self.layout.split(decay), self._decays, strict=True)):
            masks = [m[number, :rows] for m, rows in zip(on, self.states[number].rows, strict=True)]
            layers[0][0].copy_(strength * masks[0].unsqueeze(1).expand_as(layers[0][0]))
            for (weight, _), source, target in zip(layers[1:], masks, [*masks[1:], None], strict=True):
                weight.copy_((strength * source.unsqueeze(1)).expand_as(weight))
                if target is not None:
                    weight.mul_(target)
        return decay

    def outgrown(self) -> bool:
        """Whether some width has reached a unit that has no row."""
        if not self.learns:
            return False
        rows = torch.tensor(self.layout.rows).T.repeat(1, self.layout.streams)
        active = torch.stack([gating.needed().cpu() for gating in self.gatings])
        return bool((active > rows).any())

    def step(self, index: Int[Tensor, "streams columns"], used: int, factor: float) -> None:
        """One gradient step of every network on a minibatch, of which the first ``used`` columns are real."""
        if self._fuses:
            self._fused_step(index, used, factor)
            return
        self._pass.load(self.train, index, used, 1.0 / used)
        self._pass.fold(self.gates)
        self._pass.forward()
        self._pass.backward()
        if self.learns:
            self._differentiate_gamma()
        self._pass.unfold()
        self.optimizer.step(factor)
        if self.learns:
            self._move_gamma(factor)

    def _fused_step(self, index: Int[Tensor, "streams columns"], used: int, factor: float) -> None:
        """The same by compiled kernels, on as few columns as hold the real ones in whole vectors."""
        columns = whole_columns(used, self.settings)
        if columns not in self._fused:
            batch = Pass(self.layout, self.flat, self.gradient, columns, self.settings, self.loss)
            self._fused[columns] = batch, FusedStep(self.layout, self.optimizer, batch, self.settings, self._kind)
        batch, fused = self._fused[columns]
        batch.load(self.train, index[:, :columns], used, 1.0 / used)
        fused.step(self.gates[0], factor)

    def _differentiate_gamma(self) -> None:
        for layer, gating in enumerate(self.gatings):
            grouped = self._pass.grouped[layer]
            rows = gating.from_weights(grouped.weight, grouped.weight_gradient)
            gradient = gating.to_gamma(rows)
            # Fixed widths stay; and where a square-root gate has an infinite slope (p < 1, at an integer) gamma rests.
            rests = (self._gamma_lr[layer] == 0) | gradient.isinf()
            self.gamma_gradient[layer] = gradient.masked_fill(rests, 0.0)

    def _move_gamma(self, factor: float) -> None:
        self.gamma_optimizer.step(factor)
        for gamma, units in zip(self.gamma, self.settings.units, strict=True):
            gamma.clamp_(0.0, float(units))
        on = [gating.count_on() for gating in self.gatings]
        if self.optimizer.decay is not None and any(not torch.equal(a, b) for a, b in zip(on, self._on, strict=True)):
            self.refresh()
        else:
            self.gates = [gating.weights() for gating in self.gatings]

    def keep_best(self, better: Tensor) -> None:
        """Remember the present weights and widths of the members (stream-major) for which ``better`` holds."""
        better = better.to(self.flat.device)
        if bool(better.all()):
            self.best.copy_(self.flat)
            self.best_gamma.copy_(self.gamma)
            return
        torch.where(better[self._owners], self.flat, self.best, out=self.best)
        torch.where(better, self.gamma, self.best_gamma, out=self.best_gamma)

    @cached_property
    def _owners(self) -> Tensor:
        return self.layout.owners().to(self.flat.device)

    def finite(self) -> Tensor:
        """Whether all parameters of each member are finite."""
        finite = torch.ones(len(self.states), dtype=torch.bool)
        if bool(torch.isfinite(self.flat.sum())) and bool(torch.isfinite(self.gamma.sum())):
            return finite
        broken = self._owners[~torch.isfinite(self.flat)]
        finite[broken.cpu()] = False
        return finite & torch.isfinite(self.gamma).all(0).cpu()

    # ---- measuring -------------------------------------------------------------------------------------------

    def measure(self, data: StackedRows) -> tuple[Float[Tensor, " members"], Float[Tensor, " members"]]:
        """Mean loss and mean score of every network on all rows."""
        loss = torch.zeros(len(self.states), dtype=torch.float64)
        score = torch.zeros_like(loss)
        for evaluator, used in self._sweep(data):
            evaluator.forward()
            measured = evaluator.loss.measure(evaluator.logits, evaluator.target)
            for total, values in zip((loss, score), measured, strict=True):
                total += values[..., :used].sum(-1, dtype=torch.float64).flatten().cpu()
        return loss / data.rows, score / data.rows

    def gate_gradients(self, data: StackedRows) -> list[Float[Tensor, "streams rows"]]:
        """Derivative of the mean loss in every gate, one tensor per hidden layer."""
        totals = [torch.zeros_like(gating.rows()) for gating in self.gatings]
        for evaluator, _ in self._sweep(data):
            evaluator.forward()
            evaluator.backward()
            for total, gating, layer in zip(totals, self.gatings, evaluator.grouped, strict=True):
                total += gating.from_weights(layer.weight, layer.weight_gradient)
        return totals

    def _sweep(self, data: StackedRows) -> Iterator[tuple[Pass, int]]:
        columns = min(EVALUATED_COLUMNS, data.rows)
        if columns not in self._evaluators:
            spare = torch.empty_like(self.gradient)
            self._evaluators[columns] = Pass(self.layout, self.flat, spare, columns, self.settings, self.loss)
        evaluator = self._evaluators[columns]
        evaluator.fold(self.gates)
        streams = torch.arange(data.streams, device=self.flat.device).unsqueeze(1) * data.rows
        for start in range(0, data.rows, columns):
            index = torch.arange(start, start + columns, device=self.flat.device).clamp_max(data.rows - 1)
            used = min(columns, data.rows - start)
            evaluator.load(data, streams + index, used, 1.0 / data.rows)
            yield evaluator, used
