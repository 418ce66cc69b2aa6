"""What training notes down of its networks, epoch by epoch, until it ends in a :class:`TrainedEnsemble`."""

from collections.abc import Sequence
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from continuum.ensemble.member import Member
from continuum.ensemble.parts import PartName, Parts
from continuum.ensemble.settings import Settings
from continuum.ensemble.state import State
from continuum.ensemble.stream import Stream
from continuum.ensemble.trained import Floats, TrainedEnsemble, in_units


class Recorder:
    """Curves and outcomes while networks train; ``places`` are the numbers of members in the ensemble."""

    def __init__(
        self,
        streams: Sequence[Stream],
        members: Sequence[Member],
        settings: Settings,
        parts: Parts,
        watch: Sequence[PartName] = (),
    ) -> None:
        self.streams, self.members, self.settings, self._parts = tuple(streams), tuple(members), settings, parts
        count = len(self.members)
        self.outcome = ["ok"] * count
        self.best_epoch = np.zeros(count, dtype=np.int64)
        self.validation_loss = np.full((settings.epochs + 1, count), np.nan)
        self.validation_score = np.full((settings.epochs + 1, count), np.nan)
        shape = settings.epochs + 1, count
        self.watched = {part: (np.full(shape, np.nan), np.full(shape, np.nan)) for part in watch}
        self._best_loss = np.full(count, np.inf)
        self._last_epoch = np.zeros(count, dtype=np.int64)
        self._ended = np.zeros(count, dtype=bool)
        self._states: dict[int, State] = {}

    def record(self, places: list[int], epoch: int, loss: Tensor, score: Tensor) -> tuple[Tensor, Tensor]:
        """Note validation loss and score of some members; say which got better and which have ended."""
        losses, running = loss.numpy(), ~self._ended[places]
        self._note((self.validation_loss, self.validation_score), places, epoch, loss, score)
        return self._close(places, epoch, running & (losses < self._best_loss[places]), np.isfinite(losses), losses)

    def watch(self, part: PartName, places: list[int], epoch: int, loss: Tensor, score: Tensor) -> None:
        """Note loss and score on a part that decides nothing; before ``record``, which may end a network."""
        self._note(self.watched[part], places, epoch, loss, score)

    def _note(self, curves: tuple[Floats, Floats], places: list[int], epoch: int, loss: Tensor, score: Tensor) -> None:
        losses, running = loss.numpy(), ~self._ended[places]
        scored = running & np.isfinite(losses)  # logits that are NaN have no accuracy
        scores = in_units(self.streams, [self.members[number] for number in places], score.numpy())
        for curve, values, sound in zip(curves, (losses, scores), (running, scored), strict=True):
            curve[epoch, places] = np.where(sound, values, np.nan)

    def record_blind(self, places: list[int], epoch: int, finite: Tensor) -> tuple[Tensor, Tensor]:
        """The same where there is no validation part: the latest finite weights are the best."""
        sound = finite.numpy()
        return self._close(places, epoch, ~self._ended[places] & sound, sound, self._best_loss[places])

    def _close(
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

    def steps(self) -> tuple[int, int]:
        """Gradient steps of all networks together: done (all of its own where one has ended), and in all."""
        rows = np.array([len(self.streams[member.stream].train.x) for member in self.members])
        per_epoch = np.ceil(rows / self.settings.batch).astype(np.int64)
        return int(self._last_epoch @ per_epoch), int(self.settings.epochs * per_epoch.sum())

    def store(self, states: Sequence[State]) -> None:
        """Keep networks that have come to their end, with the weights of their best epoch."""
        for state in states:
            best, gamma = {"weights": state.slots["best"]}, {"gamma": state.gamma_slots["best"]}
            self._states[state.number] = State(state.number, state.member, state.rows, best, gamma)

    def finished(self) -> TrainedEnsemble:
        """The result, once every network has been stored; its arrays can be read only, as what they tell is over."""
        watched = [curve for curves in self.watched.values() for curve in curves]
        for array in (self.best_epoch, self.validation_loss, self.validation_score, *watched):
            array.flags.writeable = False
        return TrainedEnsemble(
            self.streams,
            self.members,
            self.settings,
            tuple(self.outcome),
            self.best_epoch,
            self.validation_loss,
            self.validation_score,
            MappingProxyType(self.watched),
            tuple(self._states[number] for number in range(len(self.members))),
            self._parts,
        )
