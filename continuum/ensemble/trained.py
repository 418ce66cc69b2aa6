"""What training an ensemble gives: its curves, and the networks of their best epochs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor, nn

from continuum.arithmetic import engine_arithmetic
from continuum.ensemble.chunk import Chunk
from continuum.ensemble.member import Member
from continuum.ensemble.partition import rectangles
from continuum.ensemble.parts import PartName, Parts, StackedRows
from continuum.ensemble.settings import Settings
from continuum.ensemble.slicing import gated_curve, slice_curve
from continuum.ensemble.state import State, grown
from continuum.ensemble.stream import Stream
from continuum.nn import Gate
from continuum.nn.mlp import ACTIVATIONS

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TrainedEnsemble:
    """Networks that were trained together, with the weights and widths of their best epochs.

    Attributes:
        streams, members, settings: what was trained; all else is in the order of the members.
        outcome: "ok", "stopped" (patience ran out) or "diverged" (its loss was no longer finite), one per member.
        best_epoch: epoch whose weights were kept, (members,); 0 is the start.
        validation_loss: mean loss (nats, or half the squared error) after each epoch, (epochs + 1, members);
            NaN once a member has ended.
        validation_score: accuracy, or RMSE in units of the target, of the same shape.
        watched: both, of the same shape, for each part that ``train`` was told to watch.

    The arrays are read-only; copy one to change it.
    """

    streams: tuple[Stream, ...] = field(repr=False)
    members: tuple[Member, ...] = field(repr=False)
    settings: Settings
    outcome: tuple[str, ...]
    best_epoch: Int[np.ndarray, " members"] = field(repr=False)
    validation_loss: Float[np.ndarray, "times members"] = field(repr=False)
    validation_score: Float[np.ndarray, "times members"] = field(repr=False)
    watched: Mapping[PartName, tuple[Floats, Floats]] = field(repr=False)
    _states: tuple[State, ...] = field(repr=False)
    _parts: Parts = field(repr=False)

    @property
    def gamma(self) -> Floats:
        """Widths at the best epoch, (members, hidden layers)."""
        return torch.stack([state.gamma_slots["gamma"] for state in self._states]).double().numpy()

    def measure(self, part: PartName) -> tuple[Floats, Floats]:
        """Mean loss in nats and accuracy, or half the squared error and RMSE, on a part; NaN for diverged members."""
        loss, score = np.full(len(self.members), np.nan), np.full(len(self.members), np.nan)
        for places, chunk, data in self._chunks(part):
            losses, scores = chunk.measure(data)
            members = [self.members[number] for number in places]
            loss[places], score[places] = losses.numpy(), in_units(self.streams, members, scores.numpy())
        return self._sound(loss), self._sound(score)

    def gamma_derivatives(self, part: PartName) -> tuple[Floats, Floats]:
        """Left and right derivative of the mean loss on a part in every width, each (members, hidden layers).

        Weight decay does not enter. They differ at integers only.
        """
        depth = len(self.settings.units)
        left, right = (np.full((len(self.members), depth), np.nan) for _ in range(2))
        for places, chunk, data in self._chunks(part, with_unborn=True):
            for layer, (gating, rows) in enumerate(zip(chunk.gatings, chunk.gate_gradients(data), strict=True)):
                sides = gating.one_sided(rows)
                left[places, layer], right[places, layer] = (side.cpu().double().numpy() for side in sides)
        return self._sound(left), self._sound(right)

    def network(self, number: int) -> nn.Sequential:
        """A member of the best epoch as an ordinary module: Linear, activation and Gate for each hidden layer."""
        state = self._states[number]
        layers: list[nn.Module] = []
        for depth, (weight, bias) in enumerate(state.slots["weights"]):
            if depth:
                layers.append(ACTIVATIONS[self.settings.activation]())
                gamma = state.gamma_slots["gamma"][depth - 1].clamp_max(state.rows[depth - 1])
                layers.append(Gate(self.settings.width(state.rows[depth - 1], gamma).requires_grad_(False)))
            layers.append(_linear(weight if depth == 0 else weight.T, bias))
        return nn.Sequential(*layers)

    def slice(self, number: int, part: PartName, widths: Sequence[float] | Floats) -> tuple[Floats, Floats]:
        """Loss and score of one member on a part, its last hidden layer cut to every one of ``widths``.

        They must not exceed the units of the member. One forward pass serves all of them. NaN if it diverged.
        """
        widths = np.asarray(widths, dtype=np.float64)
        if self.outcome[number] == "diverged":
            return np.full(len(widths), np.nan), np.full(len(widths), np.nan)
        weights, bias = self._states[number].slots["weights"][-1]
        data = self._parts.stack(part, [self.members[number].stream])
        with engine_arithmetic():
            hidden = self.network(number)[:-2](data.inputs[:, : data.features].cpu())
            layer = hidden, weights, bias, data.target.cpu()
            gamma, kind = torch.from_numpy(widths), self.streams[0].kind
            if self.settings.law == "interval":
                loss, score = slice_curve(*layer, gamma, kind, self.settings.exponent)
            else:
                loss, score = gated_curve(*layer, self.settings.width(len(weights), gamma.to(weights)).gates(), kind)
        return loss.numpy(), in_units(self.streams, [self.members[number]] * len(widths), score.numpy())

    def parameters_in_use(self) -> NDArray[np.int64]:
        """Weights and biases of the units with a gate above 0, (members,)."""
        inputs, outputs = self.streams[0].train.x.shape[1], self.streams[0].outputs
        sizes = np.ceil(self.gamma).astype(np.int64)
        if self.settings.law != "interval":
            sizes[:] = self.settings.units
        fans = np.concatenate([np.full((len(sizes), 1), inputs), sizes, np.full((len(sizes), 1), outputs)], 1)
        counts: NDArray[np.int64] = ((fans[:, :-1] + 1) * fans[:, 1:]).sum(1)
        return counts

    def _sound(self, values: Floats) -> Floats:
        values[[outcome == "diverged" for outcome in self.outcome]] = np.nan
        return values

    def _chunks(self, part: PartName, *, with_unborn: bool = False) -> Iterator[tuple[list[int], Chunk, StackedRows]]:
        """Members packed again; with the unit about to be born at the right of each width, or without."""
        states = list(self._states)
        if with_unborn:
            states = [grown(state, self.settings, self.streams[0].train.x.shape[1]) for state in states]
        with engine_arithmetic():
            for rectangle in rectangles(states, self._parts.sizes, self.settings.chunk):
                numbers = [row[0].member.stream for row in rectangle]
                train = self._parts.stack("train", numbers)
                chunk = Chunk(rectangle, train, self.streams[0].kind, self.settings)
                yield [state.number for state in chunk.states], chunk, self._parts.stack(part, numbers)


def in_units(streams: Sequence[Stream], members: Sequence[Member], score: Floats) -> Floats:
    """Scores in the units of the reader: accuracies as they are, and the roots of squared errors times the scale."""
    if streams[0].kind == "classification":
        return score
    scale = np.array([streams[member.stream].scale for member in members])
    rmse: Floats = np.sqrt(score) * scale
    return rmse


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    linear = nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
    with torch.no_grad():
        linear.weight.copy_(weight)
        linear.bias.copy_(bias)
    return linear
