"""Packages of others that find a width by growing: gromo (TINY) and neural-trees (GAL), where they are installed."""

import time
from collections.abc import Callable
from math import ceil
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .fits import FitOptions, row_head
from .folds import Fold

#: Names of the methods, and the distributions that bring them.
PEERS = {"gromo": "gromo", "gal": "neural-trees"}
#: Most growths; they share the steps of the graded phase, and the last training has those of rounding.
GROWTHS = 20
#: Most units of a growth.
ADDED = 4
#: Growths without a better held-out loss before growing ends.
PATIENCE = 5
#: Learning rate of Adam, that of all other methods.
LR = 1e-2
#: Factors of a growth among which the line search chooses.
SCALES = (0.0, 0.1, 0.5, 1.0)


def peer_row(name: str, fold: Fold, options: FitOptions) -> dict[str, object]:
    """One row; a package that is absent, or fails, says so in ``outcome``."""
    head = row_head(fold, name)
    began = time.process_time()
    try:
        units, score = RUN[name](fold, options)
    except Exception as error:  # of a foreign package anything may come, and it is what the row is to say
        return {**head, "outcome": f"{type(error).__name__}: {error}"}
    seconds = time.process_time() - began
    return {**head, "width": float(units), "units": units, "score": score, "seconds": seconds, "outcome": "ok"}


def _gal(fold: Fold, options: FitOptions) -> tuple[int, float]:
    """GAL with its defaults, but for as many units and epochs as the graded method may take."""
    from neural_trees import GALNetwork

    rows, test = fold.stream.train, fold.test
    epochs = max(fold.epochs(options.total(fold), options.batch), 100)
    model = GALNetwork(max_hidden=options.max_units, max_epochs=epochs, random_state=fold.number).fit(rows.x, rows.y)
    return int(model.n_hidden_final_), float(model.score(test.x, test.y))


def _gromo(fold: Fold, options: FitOptions) -> tuple[int, float]:
    """TINY growth by the package's tutorial; when to stop, which it leaves to the user, held-out rows decide.

    Rectifiers serve it best: a fold of two spirals came to .77 with tanh, .84 with SELU, its default, 1 with them.
    """
    from gromo.containers.growing_mlp import GrowingMLP

    torch.manual_seed(fold.number)
    x, y = fold.tensors()
    order = torch.randperm(len(x))
    validation, rows = order[: len(x) // 5], order[len(x) // 5 :]
    net = GrowingMLP(x.shape[1], fold.stream.outputs, 2, 1, activation=nn.ReLU())
    between = max(round(fold.steps(options.steps) / GROWTHS / ceil(len(rows) / options.batch)), 1)
    best, since = np.inf, 0
    for _ in range(GROWTHS):
        _epochs(net, x[rows], y[rows], between, options.batch)
        loss = _loss(net, x[validation], y[validation])
        best, since = (loss, 0) if loss < best else (best, since + 1)
        if since >= PATIENCE:
            break
        _grow(net, x[rows], y[rows])
    _epochs(net, x, y, fold.epochs(options.total(fold) / 3, options.batch), options.batch)
    return int(net.layers[0].weight.shape[0]), float(fold.scores_of(net.eval())["score"])


def _epochs(net: nn.Module, x: Tensor, y: Tensor, count: int, batch: int) -> None:
    adam = torch.optim.Adam(net.parameters(), LR)
    steps = count * ceil(len(x) / batch)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
    net.train()
    for _ in range(count):
        for rows in torch.randperm(len(x)).split(batch):  # type: ignore[no-untyped-call]
            adam.zero_grad()
            nn.functional.cross_entropy(net(x[rows]), y[rows]).backward()  # type: ignore[no-untyped-call]
            adam.step()
            schedule.step()


def _loss(net: nn.Module, x: Tensor, y: Tensor) -> float:
    with torch.no_grad():
        return float(nn.functional.cross_entropy(net(x), y))


def _grow(net: nn.Module, x: Tensor, y: Tensor) -> None:
    """Add the units of the best first-order decrease, scaled by a line search on the training rows."""
    model: Any = net
    model.eval()
    model.set_growing_layers("all")
    model.init_computation()
    for rows in torch.arange(len(x)).split(256):  # type: ignore[no-untyped-call]
        model.zero_grad()
        nn.functional.cross_entropy(model(x[rows]), y[rows], reduction="sum").backward()  # type: ignore[no-untyped-call]
        model.update_computation()
    model.compute_optimal_updates(maximum_added_neurons=ADDED)
    model.reset_computation()
    model.dummy_select_update()
    losses = []
    for scale in SCALES:
        model.set_scaling_factor(scale)
        with torch.no_grad():
            losses.append(float(nn.functional.cross_entropy(model.extended_forward(x), y)))
    model.set_scaling_factor(SCALES[int(np.argmin(losses))])
    model.apply_change()


#: How each peer is run: units and score.
RUN: dict[str, Callable[[Fold, FitOptions], tuple[int, float]]] = {"gromo": _gromo, "gal": _gal}
