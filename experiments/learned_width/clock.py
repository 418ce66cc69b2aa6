"""What learning the width costs beside one training of a fixed one: one thread against one, taken in turns."""

import time
from collections.abc import Callable

import torch
from torch import nn

from continuum.ensemble import Member, Settings, train
from continuum.learn import LearnConfig, learn_width

from .fits import FitOptions, Row
from .folds import Fold

#: Widths of the fixed networks that are timed; times in between are interpolated.
LADDER = (1, 4, 16, 64, 256)
#: Turns; the first one, which warms everything up, is not kept.
TURNS = 4


def timings(fold: Fold, options: FitOptions) -> list[Row]:
    """Seconds of wall clock and of the processor, one row per kind of training and turn.

    ``graded`` is the whole fit: calibration, graded phase and rounding. ``fixed`` are networks alone on the engine, for
    the steps of the graded phase (``same steps`` for those of the graded phase and rounding together), ``torch`` is an
    ordinary PyTorch loop for the steps of the graded phase.
    """
    graded, total = fold.steps(options.steps), options.total(fold)
    work: dict[tuple[str, int, int], Callable[[], object]] = {("graded", 0, total): lambda: _learn(fold, options)}
    for units in LADDER:
        work["fixed", units, graded] = lambda units=units: _fixed(fold, options, units, graded)  # type: ignore[misc]
    work["fixed, same steps", 64, total] = lambda: _fixed(fold, options, 64, total)
    work["torch", 64, graded] = lambda: plain_loop(fold, 64, options.batch, graded)
    rows = []
    for turn in range(TURNS):
        for (what, units, steps), job in work.items():
            wall, cpu = time.perf_counter(), time.process_time()
            job()
            spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
            rows.append({"what": what, "units": units, "steps": steps, "turn": turn, **spent})
    return [row for row in rows if row["turn"]]


def _learn(fold: Fold, options: FitOptions) -> None:
    x, y = fold.tensors()
    config = LearnConfig(steps=options.steps, batch=options.batch, max_units=options.max_units, seed=fold.number)
    learn_width(x, y, fold.loss, config)


def _fixed(fold: Fold, options: FitOptions, units: int, steps: int) -> None:
    epochs = fold.epochs(steps, options.batch)
    settings = Settings(units, activation=fold.activation, batch=options.batch, epochs=epochs, schedule="cosine")
    train([fold.stream], [Member(units)], settings)


def plain_loop(fold: Fold, units: int, batch: int, steps: int) -> nn.Sequential:
    """A network trained by an ordinary PyTorch loop: Adam, cosine, minibatches."""
    x, y = fold.tensors()
    torch.manual_seed(fold.number)
    activation = nn.Tanh() if fold.activation == "tanh" else nn.ReLU()
    net = nn.Sequential(nn.Linear(x.shape[1], units), activation, nn.Linear(units, fold.stream.outputs))
    adam = torch.optim.Adam(net.parameters(), 1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    order = torch.empty(0, dtype=torch.int64)
    for _ in range(steps):
        order = torch.randperm(len(x)) if len(order) < batch else order
        rows, order = order[:batch], order[batch:]
        outputs = net(x[rows])
        if y.dtype == torch.int64:
            loss = nn.functional.cross_entropy(outputs, y[rows])
        else:
            loss = nn.functional.mse_loss(outputs[:, 0], y[rows]) / 2
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        schedule.step()
    return net.eval()
