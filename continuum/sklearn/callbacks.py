"""Who is told how a fit goes, and may end it: a function of four numbers."""

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Self

from continuum.checks import quoted
from continuum.errors import BadInput
from continuum.progress import Progress

#: Called as ``callback(steps, total, width, loss)`` now and then in a fit: gradient steps done and in all, the width of
#: the network trained just now, and the training loss when it was last measured (NaN before, and along a path of
#: prices). A true answer ends the fit: the phases that learn a width stop at once, and rounding to whole units still
#: takes place. At the end of a run ``steps`` equals ``total``.
Callback = Callable[[int, int, float, float], object]


def checked_callbacks(callbacks: object) -> tuple[Callback, ...]:
    """A function, several of them, or None; raises ``BadInput``."""
    if callbacks is None:
        return ()
    several = (callbacks,) if callable(callbacks) else callbacks
    if not isinstance(several, list | tuple) or not all(map(callable, several)):
        expected, remedy = "functions of (steps, total, width, loss)", "give a list of them, or None"
        raise BadInput("callbacks", expected=expected, came=quoted(callbacks), remedy=remedy)
    return tuple(several)


class Listeners:
    """Callbacks as one ``Progress``, which goes on answering once one of them said to stop.

    >>> heard = Listeners((lambda steps, total, width, loss: loss < 1,))
    >>> heard.loss = 0.5
    >>> heard(1, 3, 2.0)
    True
    >>> heard.loss = 2.0
    >>> heard(2, 3, 2.0)
    True
    """

    def __init__(self, callbacks: Iterable[Callback], bar: Progress | None = None) -> None:
        self.callbacks, self.bar = tuple(callbacks), bar
        self.loss, self.stopped = math.nan, False

    def __call__(self, steps: int, total: int, width: float) -> bool:
        if self.bar is not None:
            self.bar(steps, total, width)
        answers = [bool(callback(steps, total, width, self.loss)) for callback in self.callbacks]
        self.stopped = self.stopped or any(answers)
        return self.stopped


class _Shared:
    """A clone of an estimator writes to the same place: what is open here has no copies."""

    def __sklearn_clone__(self) -> Self:
        return self

    def __deepcopy__(self, memory: dict[int, Any]) -> Self:
        return self


class TensorBoardCallback(_Shared):
    """Writes ``width`` and ``loss`` for TensorBoard, which must be installed.

    Args:
        folder: of the log, as of ``torch.utils.tensorboard.SummaryWriter``.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = str(folder)
        self._writer: Any = None

    def __call__(self, steps: int, total: int, width: float, loss: float) -> None:
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter

            self._writer = SummaryWriter(self.folder)
        for name, value in _numbers(width, loss):
            self._writer.add_scalar(name, value, steps)
        if steps == total:
            self._writer.close()
            self._writer = None


class MLflowCallback(_Shared):
    """Logs ``width`` and ``loss`` as metrics of the active run of MLflow, which must be installed."""

    def __call__(self, steps: int, total: int, width: float, loss: float) -> None:
        import mlflow

        mlflow.log_metrics(dict(_numbers(width, loss)), step=steps)


def _numbers(width: float, loss: float) -> list[tuple[str, float]]:
    """What there is to log."""
    return [(name, value) for name, value in (("width", width), ("loss", loss)) if math.isfinite(value)]
