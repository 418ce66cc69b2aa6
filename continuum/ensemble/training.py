"""Train thousands of small networks at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, cos, pi
from typing import get_args

import numpy as np
import torch
from torch import Tensor

from continuum import checks
from continuum.arithmetic import engine_arithmetic
from continuum.ensemble.chunk import Chunk
from continuum.ensemble.member import Member
from continuum.ensemble.partition import Rectangle, rectangles
from continuum.ensemble.parts import PartName, Parts
from continuum.ensemble.recorder import Recorder
from continuum.ensemble.settings import Settings
from continuum.ensemble.state import State, grown, newborn
from continuum.ensemble.stream import Stream, order
from continuum.ensemble.trained import TrainedEnsemble
from continuum.errors import BadInput
from continuum.progress import Progress


@dataclass
class _Work:
    """Networks that have come to the same point of their training."""

    states: Rectangle
    epoch: int = 0
    step: int = 0


def train(
    streams: Sequence[Stream],
    members: Sequence[Member],
    settings: Settings,
    progress: Progress | None = None,
    watch: Sequence[PartName] = (),
) -> TrainedEnsemble:
    """Train all members, each on its stream, and return them with the weights of their best epoch.

    The best epoch is that of the least validation loss (of the last epoch, where there is no validation part). A
    network whose loss is no longer finite is marked ``diverged`` and put aside; its neighbours never see it. The
    result does not depend on the order of members or on the chunks, up to rounding.

    Args:
        streams: data and minibatch seeds.
        members: the networks.
        settings: what they have in common.
        progress: called after every epoch as progress(steps done, steps in all, width): the gradient steps of all
            networks together, and their mean width, of a network over its hidden layers in sum. What it answers is
            ignored.
        watch: parts whose loss and score are recorded after every epoch, for ``TrainedEnsemble.watched``. They decide
            nothing, and change no bit of the rest.

    >>> from continuum.data import load
    >>> iris = Stream.of(load("iris"), seed=0)
    >>> members = [Member(gamma=g) for g in (0.5, 1.0, 2.5)]
    >>> trained = train([iris], members, Settings(units=4, epochs=30))
    >>> trained.outcome
    ('ok', 'ok', 'ok')
    >>> _, accuracy = trained.measure("test")
    >>> bool(accuracy[2] > accuracy[0])
    True
    """
    _check(streams, members, settings)
    _check_watched(streams, watch)
    with engine_arithmetic():
        return _Training(streams, members, settings, progress, watch).run()


def _check(streams: Sequence[Stream], members: Sequence[Member], settings: Settings) -> None:
    if not streams or not members:
        raise BadInput("ensemble", expected="at least one stream and one member", came="none", remedy="add some")
    kinds = {(s.kind, s.outputs, s.train.x.shape[1]) for s in streams}
    if len(kinds) > 1:
        raise BadInput(
            "streams",
            expected="one kind of task, number of outputs and of features",
            came=sorted(kinds),
            remedy="train one ensemble per task",
        )
    if len({s.validation is None for s in streams}) > 1:
        came = "both kinds of streams"
        raise BadInput("streams", expected="a validation part in all or in none", came=came, remedy="split them alike")
    for member in members:
        member.check(settings.units, settings.law)
        if not 0 <= member.stream < len(streams):
            raise BadInput("stream", expected=f"0 to {len(streams) - 1}", came=member.stream, remedy="add the stream")


def _check_watched(streams: Sequence[Stream], watch: Sequence[PartName]) -> None:
    for part in watch:
        checks.one_of("watch", part, get_args(PartName), plural="parts")
        if any(getattr(stream, part) is None for stream in streams):
            raise BadInput("watch", expected="parts that all streams have", came=repr(part), remedy="leave it out")


class _Training:
    """One run of :func:`train`: a list of work, each piece carried on until its networks must be packed anew."""

    def __init__(
        self,
        streams: Sequence[Stream],
        members: Sequence[Member],
        settings: Settings,
        progress: Progress | None,
        watch: Sequence[PartName] = (),
    ) -> None:
        self.streams, self.settings, self.progress = streams, settings, progress
        self.parts = Parts(streams, settings)
        self.recorder = Recorder(streams, members, settings, self.parts, watch)
        self._widths = np.array([sum(member.gamma) for member in members])
        self._inputs, self._outputs = streams[0].train.x.shape[1], streams[0].outputs

    def run(self) -> TrainedEnsemble:
        newcomers = [
            newborn(number, member, self.settings, self._inputs, self._outputs)
            for number, member in enumerate(self.recorder.members)
        ]
        work = self._cut(newcomers, 0, 0)
        while work:
            work = self._carry_on(work.pop(0)) + work
        return self.recorder.finished()

    def _cut(self, states: Sequence[State], epoch: int, step: int) -> list[_Work]:
        return [
            _Work(rectangle, epoch, step) for rectangle in rectangles(states, self.parts.sizes, self.settings.chunk)
        ]

    def _carry_on(self, work: _Work) -> list[_Work]:
        settings = self.settings
        numbers = [row[0].member.stream for row in work.states]
        data = self.parts.stack("train", numbers)
        per_epoch = ceil(data.rows / settings.batch)
        chunk = Chunk(work.states, data, self.streams[0].kind, settings, work.epoch * per_epoch + work.step)
        if work.epoch == work.step == 0:
            self._close_epoch(chunk, numbers, 0)
        for epoch in range(work.epoch, settings.epochs):
            rows = self._rows(numbers, data.rows, epoch)
            for step in range(work.step if epoch == work.epoch else 0, per_epoch):
                index = rows[:, step * settings.batch : (step + 1) * settings.batch]
                factor = self._factor(epoch * per_epoch + step, per_epoch)
                chunk.step(_filled(index, min(settings.batch, data.rows)), index.shape[1], factor)
                if chunk.outgrown():
                    states = [grown(state, settings, self._inputs) for state in chunk.unpack()]
                    return self._cut(states, epoch, step + 1)
            ended = self._close_epoch(chunk, numbers, epoch + 1)
            if epoch + 1 < settings.epochs and ended.sum() * 8 >= len(ended):
                return self._put_aside(chunk, ended, epoch + 1)
        self.recorder.store(chunk.unpack("best"))
        return []

    def _close_epoch(self, chunk: Chunk, numbers: Sequence[int], epoch: int) -> Tensor:
        """Record the validation curve, keep the best weights, and tell which members have ended."""
        places = [state.number for state in chunk.states]
        for part in self.recorder.watched:
            self.recorder.watch(part, places, epoch, *chunk.measure(self.parts.stack(part, numbers)))
        if self.streams[0].validation is not None:
            loss, score = chunk.measure(self.parts.stack("validation", numbers))
            better, ended = self.recorder.record(places, epoch, loss, score)
        else:
            better, ended = self.recorder.record_blind(places, epoch, chunk.finite())
        chunk.keep_best(better)
        if self.progress is not None:
            self._tell(self.progress, places, chunk)
        return ended

    def _tell(self, progress: Progress, places: list[int], chunk: Chunk) -> None:
        widths = chunk.gamma.double().sum(0).cpu().numpy()
        sound = np.isfinite(widths)  # a network that diverged counts with the last width that it had
        self._widths[places] = np.where(sound, widths, self._widths[places])
        progress(*self.recorder.steps(), float(self._widths.mean()))

    def _put_aside(self, chunk: Chunk, ended: Tensor, epoch: int) -> list[_Work]:
        states = chunk.unpack()
        self.recorder.store([state for state, over in zip(states, ended, strict=True) if over])
        return self._cut([state for state, over in zip(states, ended, strict=True) if not over], epoch, 0)

    def _rows(self, numbers: Sequence[int], rows: int, epoch: int) -> Tensor:
        """Row numbers, in stacked data, in the order of this epoch: a function of stream seed and epoch alone."""
        orders = [order(self.streams[n].seed, epoch, rows) for n in numbers]
        offsets = np.arange(len(numbers))[:, None] * rows
        return torch.from_numpy(np.stack(orders) + offsets).to(self.settings.device)

    def _factor(self, step: int, per_epoch: int) -> float:
        if self.settings.schedule == "constant":
            return 1.0
        return 0.5 * (1 + cos(pi * step / (self.settings.epochs * per_epoch)))


def _filled(index: Tensor, columns: int) -> Tensor:
    """Repeat the first columns until the batch is full; the repeated ones carry no weight."""
    missing = columns - index.shape[1]
    if missing == 0:
        return index
    repeats = -(-missing // index.shape[1])
    return torch.cat([index, index.repeat(1, repeats)[:, :missing]], 1)
