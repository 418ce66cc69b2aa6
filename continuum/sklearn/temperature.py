"""One number that makes probabilities honest: logits are divided by a temperature, fitted on rows held out."""

import math

import numpy as np
import torch
from jaxtyping import Float64, Shaped
from scipy.optimize import brentq
from scipy.special import softmax
from torch import nn

from continuum.errors import BadInput

#: Strength of the prior at temperature 1: as much as 5 / .439 = 11 rows of two classes whose logits tell most.
PRIOR = 5.0

Logits = Float64[np.ndarray, "rows classes"]


def temperature_of(
    logits: Logits, codes: Shaped[np.ndarray, " rows *labels"], weight: Float64[np.ndarray, " rows"] | None = None
) -> float:
    r"""The temperature T > 0 of least log-loss on these rows, drawn towards 1 by a prior worth a few rows.

    With :math:`\beta = 1/T` and weights of mean 1 it minimises

    .. math:: \sum_i w_i \left[-\log \mathrm{softmax}(\beta z_i)_{y_i}\right] + \kappa\,(\beta - 1 - \log \beta)

    which is strictly convex in :math:`\beta`, infinite at 0 and at infinity, so that there is one minimum at a finite
    T > 0 on any rows: on separable ones, too, where the log-loss alone wants T = 0. The prior, of the Gamma
    distribution with its mode at 1, has the curvature :math:`\kappa = 5`; a row of two classes whose logits differ by
    d has :math:`d^2 p (1 - p) \le .439`.

    Args:
        logits: (rows, classes), of a network that never saw these rows.
        codes: the class of each row, (rows,), or independent labels 0 or 1, (rows, classes), each a logit of its own.
        weight: of the rows; only their ratios matter.

    Raises:
        BadInput: for logits that are not finite.

    Reference: C. Guo et al., "On calibration of modern neural networks", 2017.

    >>> z = np.repeat([[0.0, 4.0]], 400, axis=0)  # as sure as .982,
    >>> round(temperature_of(z, np.arange(400) % 4 > 0), 2)  # and right three times in four: 4 / log 3 = 3.64
    3.51
    >>> temperature_of(z[:0], np.zeros(0))
    1.0
    """
    logits, codes = np.asarray(logits, np.float64), np.asarray(codes)
    if not np.isfinite(logits).all():
        raise BadInput("logits", expected="finite numbers", came="NaN or inf", remedy="look at the network")
    weight = np.ones(len(logits)) if weight is None else np.asarray(weight, np.float64)
    if codes.ndim == 2 and len(codes):  # every label is a row of two classes
        logits, codes, weight = _two_classes(logits), codes.reshape(-1), np.repeat(weight, codes.size // len(codes))
    if not weight.any():
        return 1.0
    weight = weight / weight.max()
    share = weight / weight[weight > 0].mean()
    logits = logits - logits.max(axis=1, keepdims=True)
    right = np.take_along_axis(logits, codes.astype(np.int64)[:, None], axis=1)[:, 0]

    def slope(log_beta: float) -> float:
        """Derivative of the objective in beta; it rises with beta."""
        beta = math.exp(log_beta)
        mean = (softmax(beta * logits, axis=1) * logits).sum(axis=1)
        return float(share @ (mean - right)) + PRIOR * (1 - 1 / beta)

    high = low = 0.0
    while slope(low) > 0:
        low -= 1
    while slope(high) < 0:
        high += 1
    return math.exp(-(brentq(slope, low, high, xtol=1e-12) if low < high else low))


def _two_classes(logits: Logits) -> Logits:
    """Logits (0, z) of each label: their softmax is the logistic function of z."""
    flat = logits.reshape(-1, 1)
    return np.hstack([np.zeros_like(flat), flat])


def held_out_temperature(result: object, *, multilabel: bool) -> float:
    """The temperature of a result that has outputs and targets of held-out rows; 1 where it has none.

    They are ``held_out_outputs``, ``held_out_targets`` and, where rows weigh, ``held_out_weight``; targets are codes
    (rows,) or one-hot (rows, classes), or independent labels (rows, labels).
    """
    outputs, targets = (getattr(result, f"held_out_{name}", None) for name in ("outputs", "targets"))
    if outputs is None or targets is None or not len(outputs):
        return 1.0
    codes, weight = np.asarray(targets), getattr(result, "held_out_weight", None)
    if codes.ndim == 2 and not multilabel:
        codes = codes.argmax(axis=1)
    return temperature_of(np.asarray(outputs), codes, None if weight is None else np.asarray(weight))


@torch.no_grad()
def cooled(network: nn.Sequential, temperature: float) -> nn.Sequential:
    """The network with its logits divided by the temperature, in place: the last layer does it, or all that are summed.

    >>> layers = nn.Sequential(nn.Linear(1, 1), nn.Tanh(), nn.Linear(1, 2))
    >>> before = layers(torch.ones(1, 1))
    >>> bool((cooled(layers, 2.0)(torch.ones(1, 1)) == before / 2).all())
    True
    """
    for last in _last_layers(network):
        for numbers in last.parameters():
            numbers.div_(temperature)
    return network


def _last_layers(module: nn.Module) -> list[nn.Linear]:
    """The layer that gives the outputs; of a module that is no sequence those of all its parts, which it adds up."""
    if isinstance(module, nn.Linear):
        return [module]
    parts = [module[-1]] if isinstance(module, nn.Sequential) else list(module.children())
    if not parts:
        raise TypeError("a learned network ends with linear layers")
    return [layer for part in parts for layer in _last_layers(part)]
