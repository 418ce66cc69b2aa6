"""The outcome of an ensemble: curves while training, and the networks of the best epochs afterwards."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from continuum.arithmetic import engine_arithmetic
from continuum.ensemble.chunk import Chunk
from continuum.ensemble.member import Member
from continuum.ensemble.partition import rectangles
from continuum.ensemble.passes import Data
from continuum.ensemble.settings import Settings
from continuum.ensemble.shelf import PartName, Shelf
from continuum.ensemble.slicing import gated_curve, slice_curve
from continuum.ensemble.state import State, grown
from continuum.ensemble.stream import Stream
from continuum.nn import Gate
from continuum.nn.mlp import ACTIVATIONS

Floats = NDArray[np.float64]


class TrainedEnsemble:
    """Networks that were trained together; arrays are in the order of the members.

    Attributes:
        outcome: "ok", "stopped" (patience ran out) or "diverged" (its loss was no longer finite), a member each.
        best_epoch: epoch whose weights were kept, (members,); 0 is the start.
        validation_loss: mean loss in nats after each epoch, (epochs + 1, members); NaN once a member has ended.
        validation_score: accuracy, or RMSE in units of the target, of the same shape.
    """

    def __init__(self, streams: Sequence[Stream], members: Sequence[Member], settings: Settings, shelf: Shelf) -> None:
        self.streams, self.members, self.settings = streams, list(members), settings
        count = len(self.members)
        self.outcome = ["ok"] * count
        self.best_epoch = np.zeros(count, dtype=np.int64)
        self.validation_loss = np.full((settings.epochs + 1, count), np.nan)
        self.validation_score = np.full((settings.epochs + 1, count), np.nan)
        self._best_loss = np.full(count, np.inf)
        self._last_epoch = np.zeros(count, dtype=np.int64)
        self._ended = np.zeros(count, dtype=bool)
        self._states: dict[int, State] = {}
        self._shelf = shelf

    # ---- while training --------------------------------------------------------------------------------------

    def record(self, places: list[int], epoch: int, loss: Tensor, score: Tensor) -> tuple[Tensor, Tensor]:
        """Note validation loss and score of some members; say which got better and which have ended."""
        losses, running = loss.numpy(), ~self._ended[places]
        self.validation_loss[epoch, places] = np.where(running, losses, np.nan)
        scored = running & np.isfinite(losses)  # logits that are NaN have no accuracy
        self.validation_score[epoch, places] = np.where(scored, self._in_units(places, score.numpy()), np.nan)
        return self._judge(places, epoch, running & (losses < self._best_loss[places]), np.isfinite(losses), losses)

    def record_blind(self, places: list[int], epoch: int, finite: Tensor) -> tuple[Tensor, Tensor]:
        """The same where there is no validation part: the latest finite weights are the best."""
        sound = finite.numpy()
        return self._judge(places, epoch, ~self._ended[places] & sound, sound, self._best_loss[places])

    def _judge(
        self, places: list[int], epoch: int, better: NDArray[np.bool_], finite: NDArray[np.bool_], losses: Floats
    ) -> tuple[Tensor, Tensor]:
        self._best_loss[places] = np.where(better, losses, self._best_loss[places])
        self.best_epoch[places] = np.where(better, epoch, self.best_epoch[places])
        patience = self.settings.patience
        late = np.zeros(len(places), dtype=bool)
        if patience and epoch < self.settings.epochs:
            late = epoch - self.best_epoch[places] >= patience
        for number, diverged, stopped in zip(places, ~finite, late, strict=True):
            if not self._ended[number] and (diverged or stopped):
                self._ended[number] = True
                self.outcome[number] = "diverged" if diverged else "stopped"
        self._last_epoch[places] = np.where(self._ended[places], self.settings.epochs, epoch)
        return torch.from_numpy(better), torch.from_numpy(self._ended[places])

    def _in_units(self, places: Sequence[int], score: Floats) -> Floats:
        if self.streams[0].kind == "classification":
            return score
        scale = np.array([self.streams[self.members[number].stream].scale for number in places])
        rmse: Floats = np.sqrt(score) * scale
        return rmse

    def store(self, states: Sequence[State]) -> None:
        """Keep networks that have come to their end."""
        for state in states:
            kept = {"weights": state.slots["best"]}
            self._states[state.number] = State(
                state.number, state.member, state.rows, kept, {"gamma": state.gammas["best"]}
            )

    def done(self) -> float:
        """Fraction of the epochs of all members that are over."""
        return float(self._last_epoch.mean() / self.settings.epochs)

    # ---- afterwards ------------------------------------------------------------------------------------------

    @property
    def gamma(self) -> Floats:
        """Widths at the best epoch, (members, hidden layers)."""
        found = [self._states[number].gammas["gamma"] for number in range(len(self.members))]
        return torch.stack(found).double().numpy()

    def measure(self, part: PartName) -> tuple[Floats, Floats]:
        """Mean loss in nats, and accuracy or RMSE in units of the target, on a part; NaN for diverged members."""
        loss, score = np.full(len(self.members), np.nan), np.full(len(self.members), np.nan)
        for places, chunk, data in self._chunks(part):
            losses, scores = chunk.measure(data)
            loss[places], score[places] = losses.numpy(), self._in_units(places, scores.numpy())
        return self._sound(loss), self._sound(score)

    def gamma_derivatives(self, part: PartName) -> tuple[Floats, Floats]:
        """Left and right derivative of the mean loss on a part in every width, each (members, hidden layers).

        Weight decay does not enter. They differ at integers only.
        """
        depth = len(self.settings.allocated)
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
                gamma = state.gammas["gamma"][depth - 1].clamp_max(state.rows[depth - 1])
                layers.append(Gate(self.settings.width(state.rows[depth - 1], gamma).requires_grad_(False)))
            layers.append(_linear(weight if depth == 0 else weight.T, bias))
        return nn.Sequential(*layers)

    def slice(self, number: int, part: PartName, gammas: Floats) -> tuple[Floats, Floats]:
        """Loss and score of one member on a part, its last hidden layer cut to every width of ``gammas``.

        The widths must not exceed the units of the member. One forward pass serves all of them. NaN if it diverged.
        """
        if self.outcome[number] == "diverged":
            return np.full(len(gammas), np.nan), np.full(len(gammas), np.nan)
        weights, bias = self._states[number].slots["weights"][-1]
        data = self._shelf.stack(part, [self.members[number].stream])
        with engine_arithmetic():
            hidden = self.network(number)[:-2](data.inputs[:, : data.features].cpu())
            layer = hidden, weights, bias, data.target.cpu()
            widths, kind = torch.from_numpy(gammas), self.streams[0].kind
            if self.settings.law == "interval":
                loss, score = slice_curve(*layer, widths, kind, self.settings.exponent)
            else:
                loss, score = gated_curve(*layer, self.settings.width(len(weights), widths.to(weights)).gates(), kind)
        return loss.numpy(), self._in_units([number] * len(gammas), score.numpy())

    def parameters_in_use(self) -> NDArray[np.int64]:
        """Weights and biases of the units with a gate above 0, (members,)."""
        inputs, outputs = self.streams[0].train.x.shape[1], self.streams[0].outputs
        sizes = np.ceil(self.gamma).astype(np.int64)
        if self.settings.law != "interval":
            sizes[:] = self.settings.allocated
        fans = np.concatenate([np.full((len(sizes), 1), inputs), sizes, np.full((len(sizes), 1), outputs)], 1)
        counts: NDArray[np.int64] = ((fans[:, :-1] + 1) * fans[:, 1:]).sum(1)
        return counts

    def _sound(self, values: Floats) -> Floats:
        values[[outcome == "diverged" for outcome in self.outcome]] = np.nan
        return values

    def _chunks(self, part: PartName, *, with_unborn: bool = False) -> Iterator[tuple[list[int], Chunk, Data]]:
        """Members packed again; with the unit about to be born at the right of each width, or without."""
        states = [self._states[number] for number in range(len(self.members))]
        if with_unborn:
            states = [grown(state, self.settings, self.streams[0].train.x.shape[1]) for state in states]
        with engine_arithmetic():
            for rectangle in rectangles(states, self._shelf.sizes, self.settings.chunk):
                numbers = [row[0].member.stream for row in rectangle]
                train = self._shelf.stack("train", numbers)
                chunk = Chunk(rectangle, train, self.streams[0].kind, self.settings)
                yield [state.number for state in chunk.states], chunk, self._shelf.stack(part, numbers)


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    linear = nn.Linear(weight.shape[1], weight.shape[0], dtype=weight.dtype)
    with torch.no_grad():
        linear.weight.copy_(weight)
        linear.bias.copy_(bias)
    return linear
