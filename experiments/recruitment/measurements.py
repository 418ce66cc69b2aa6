"""What is measured of networks that are trained: one row per member, and some paths of gamma."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import groupby

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from .arms import Arm
from .gating import fractions
from .network import Networks, draw, loss_of
from .tasks import Examples, Rows, teacher_units
from .training import RECORDED, Recipe, Trained, Trainer

#: Units whose incoming weights are trained beforehand, where the task does not say how many it needs.
WARM_UNITS = 16
#: A width is wide from here: such members would slow narrow ones down.
WIDE = 8.0


def measurements(
    task: str, examples: Examples, arms: Sequence[Arm], units: int, recipe: Recipe, spread: float
) -> dict[str, pd.DataFrame]:
    """Train all arms on one task from one draw of the weights."""
    first = _networks(1, units, examples, recipe.seed, spread)
    warm = _warm(first, examples.train, min(teacher_units(task) or WARM_UNITS, units), recipe)
    rows, paths = [], []
    for chunk in _chunks(arms):
        networks = _networks(len(chunk), units, examples, recipe.seed, spread)
        for member, arm in enumerate(chunk):
            if arm.features != "cold":
                networks.incoming[member] = warm
        trainer = Trainer(networks, chunk, examples.train, recipe)
        trained = trainer.run()
        frame = pd.DataFrame([asdict(arm) for arm in chunk])
        rows.append(pd.concat([frame, _ends(trainer, trained, examples)], axis=1))
        paths.append(_path(frame, trained))
    return {"results": pd.concat(rows, ignore_index=True), "paths": pd.concat(paths, ignore_index=True)}


def _networks(members: int, units: int, examples: Examples, seed: int, spread: float) -> Networks:
    x = examples.train.x
    return draw(members, units, examples.inputs, examples.outputs, seed=seed, spread=spread, dtype=x.dtype)


def _chunks(arms: Iterable[Arm]) -> list[list[Arm]]:
    """Those that are trained together: one optimizer, one kind of batch, narrow or wide."""

    def key(arm: Arm) -> tuple[str, str, bool]:
        return arm.optimizer, arm.batch, arm.start >= WIDE

    return [list(group) for _, group in groupby(sorted(arms, key=key), key)]


def _warm(networks: Networks, rows: Rows, needed: int, recipe: Recipe) -> Tensor:
    """Incoming weights of a network that was trained with ``needed`` units; those of the others stay as drawn.

    The trained ones come first, the greatest outgoing weights before the others.
    """
    arm = Arm("fixed", "adam", 0.0, "full", "cold", float(needed), 0.0)
    Trainer(networks, [arm], rows, recipe).run()
    incoming = networks.incoming[0]
    order = networks.outgoing[0, :needed].norm(dim=-1).argsort(descending=True)
    return torch.cat([incoming[:needed][order], incoming[needed:]])


@torch.no_grad()
def _ends(trainer: Trainer, trained: Trained, examples: Examples) -> pd.DataFrame:
    """What stands at the end: the width, the loss on all training rows with and without decay, and the score."""
    networks, gamma, units = trainer.networks, trained.gamma, trainer.most
    gates = trainer.gating.gates(gamma, units)
    loss, _ = loss_of(networks.outputs(networks.features(examples.train.x), gates), examples.train)
    columns = {
        "width": trained.mean,
        "drift": trained.gamma - trained.path[-min(RECORDED // 10, len(trained.path))],
        "highest": trained.path.max(0).values,
        "loss": loss,
        "objective": loss + trainer.gating.penalty(gamma, networks.outgoing),
        "score": score(networks.outputs(networks.features(examples.test.x), gates), examples.test),
        "fraction": fractions(gamma, units).sum(-1) % 1,
    }
    return pd.DataFrame({name: np.asarray(value, dtype=np.float64) for name, value in columns.items()})


def score(z: Tensor, rows: Rows) -> Tensor:
    """Accuracy, or the share of the target's variance that is explained."""
    if rows.classes:
        return (z.argmax(1) == rows.target).double().mean(-1)
    off = (z - rows.target.T).square().mean((1, 2))
    return 1 - off / rows.target.var(correction=0)


def _path(frame: pd.DataFrame, trained: Trained) -> pd.DataFrame:
    """Gamma of the learned widths at the recorded times, as parts of the whole."""
    learned = (frame["method"] != "fixed").to_numpy()
    path = trained.path.double().numpy()[:, learned]
    heads = frame.loc[np.repeat(frame.index[learned], len(path))].reset_index(drop=True)
    time = np.tile(np.linspace(0, 1, len(path)), path.shape[1])
    return heads.assign(time=time, gamma=path.T.ravel())
