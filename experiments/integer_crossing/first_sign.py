"""The sign at the first fresh neuron of a frozen flow, and where a discrete step would land beyond it.

However curved the loss, the flow gains the first neuron iff the right derivative at its integer is negative, which is
linear in W: an equality, 1/2. Only beyond the integer does curvature count.
"""

from itertools import product

import numpy as np
import pandas as pd
import torch
from scipy.stats import ncx2
from torch import Tensor

from .confrontation import confront
from .flow import SETTINGS, STARTS, aim
from .network import Networks, draw, examples_of

#: Gates at which a step of descent may land, and standard deviations of W there.
GATES, SPREADS = (0.1, 0.5), (0.5, 2.0)


def run(task: str, kind: str | None, rows: int, members: int, seed: int) -> pd.DataFrame:
    """The equality for every curved loss, and the law of the landing for the squared one."""
    examples, tables = examples_of(task, kind, rows), []
    for number, (setting, (loss, spread, exact)) in enumerate(SETTINGS.items()):
        if exact or (loss == "cross_entropy" and examples.target.shape[1] == 1):
            continue
        for start in STARTS:
            networks = draw(examples, members, start + 1, seed=[seed, 12, number, start], spread=spread, loss=loss)
            ahead = networks.sides(torch.full((members,), float(start), dtype=torch.float64))[1]
            tables.append(confront("first", task, f"{setting}, from {start}", "gains >= 1", 0.5, ahead < 0))
    few = max(members // 10, 1)  # the chances are known, so that a tenth of the networks says as much
    for number, (spread, start, gate) in enumerate(product(SPREADS, STARTS, GATES)):
        networks = draw(examples, few, start + 1, seed=[seed, 13, number], spread=spread)
        chance = landing_chance(networks, start, gate, spread)
        ahead = networks.sides(torch.full((few,), start + gate, dtype=torch.float64))[1]
        label = f"squared, s = {spread:g}, k = {start}, a = {gate:g}"
        tables.append(confront("first", task, label, "descends at a landing", chance, ahead < 0))
    return pd.concat(tables)


def landing_chance(networks: Networks, k: int, gate: float, spread: float) -> np.ndarray:
    r"""P(slope at k + a < 0) of each network, squared loss, W normal: given all else a noncentral chi-squared.

    The slope is :math:`|y_k|^2 (a |W|^2 - \langle W, v\rangle)`, negative iff :math:`|W - v/2a| < |v|/2a`.
    """
    v: Tensor = aim(networks, k)
    square = (v.square().sum(-1) / (2 * gate * spread) ** 2).numpy()
    return np.asarray(ncx2.cdf(square, v.shape[-1], square))
