"""What is done to numbers before a network, and to its outputs behind it, taken into plain layers."""

import copy

import numpy as np
import torch
from jaxtyping import Float64
from torch import nn

from continuum.encoding.rectifiers import linear
from continuum.nn import Skip
from continuum.sklearn.table.features import Features
from continuum.sklearn.table.standardiser import Standardiser

Column = Float64[np.ndarray, " columns"]


@torch.no_grad()
def folded(
    network: nn.Sequential | Skip,
    inputs: Standardiser | Features,
    outputs: Standardiser | None = None,
) -> nn.Sequential:
    r"""The network in float64 for raw inputs and, with ``outputs``, raw targets.

    With inputs :math:`(x - \mu) / s` the first layer is :math:`W \mathrm{diag}(1/s)\, x + (b - W \mathrm{diag}(1/s)\,
    \mu)`; with targets :math:`(y - \nu) / t` the last one is :math:`\mathrm{diag}(t) W h + (t \odot b + \nu)`. Features
    that are linear by pieces, :math:`A\,\mathrm{relu}(Bx + b') + c`, are a layer and a ReLU in front, and the first
    layer of the network is then :math:`W A` with the bias :math:`W c + b`.

    A network is ``Linear, activation, ..., Linear`` in an ``nn.Sequential``, or a :class:`~continuum.nn.Skip` of one,
    alone or as the only layer of an ``nn.Sequential``; what comes back is of the same kind, in an ``nn.Sequential``.

    Where folded weights would be no finite numbers, a layer of its own standardises in front: see :func:`centred`.

    >>> layers = nn.Sequential(nn.Linear(1, 1), nn.Tanh(), nn.Linear(1, 1))
    >>> raw = folded(layers, Standardiser(np.array([20.0]), np.array([2.0])))
    >>> x = torch.tensor([[23.0]])
    >>> bool((raw(x.double()) - layers((x - 20) / 2)).abs() < 1e-6)
    True
    """
    plain = _assembled(network, inputs, outputs, apart=False)
    finite = all(bool(value.isfinite().all()) for value in plain.parameters())
    return plain if finite else _assembled(network, inputs, outputs, apart=True)


@torch.no_grad()
def centred(network: nn.Sequential, inputs: Standardiser) -> nn.Sequential:
    """The same network of raw numbers, with a layer of its own in front that centres them.

    That is :math:`(x - m) / 2^e`, with :math:`2^e` next to the spread and m the mean in single precision: float32 takes
    such differences without error, where products of weights and numbers far from 0 lose digits.

    >>> raw = nn.Sequential(nn.Linear(1, 1)).double()
    >>> x = torch.tensor([[1003.0]], dtype=torch.float64)
    >>> apart = centred(raw, Standardiser(np.array([1000.0]), np.array([2.0])))
    >>> len(apart), bool((apart(x) - raw(x)).abs() < 1e-9)
    (2, True)
    """
    centring, _, _ = _centring(inputs)
    unit, near = centring.weight.numpy().diagonal(), centring.bias.numpy()
    layers = list(copy.deepcopy(network))
    with np.errstate(over="ignore", invalid="ignore"):  # whoever asks for such an export looks whether it is finite
        back = np.divide(1.0, unit, out=np.zeros_like(unit), where=unit > 0)
        layers[0] = _first_of_raw(layers[0], back, near)
    return nn.Sequential(centring, *layers).eval()


def _first_of_raw(layer: nn.Module, scale: Column, centre: Column) -> nn.Module:
    """The first layer of a network, or a body and a line, of ``scale * (x - centre)`` as one of x."""
    if isinstance(layer, Skip):
        first, *others = layer.body
        return Skip(nn.Sequential(_first_of_raw(first, scale, centre), *others), _of_raw(layer.linear, scale, centre))
    if not isinstance(layer, nn.Linear):
        raise TypeError("a learned network begins with a layer of numbers")
    return _of_raw(layer, scale, centre)


def _assembled(
    network: nn.Sequential | Skip, inputs: Standardiser | Features, outputs: Standardiser | None, *, apart: bool
) -> nn.Sequential:
    first, hidden, last, skip = _parts(network)
    standardiser = inputs.before if isinstance(inputs, Features) else inputs
    scale, centre, layers = standardiser.inverse, standardiser.mean, list[nn.Module]()
    with np.errstate(over="ignore", invalid="ignore"):
        if apart:
            centring, scale, centre = _centring(standardiser)
            layers.append(centring)
        if isinstance(inputs, Features) and not inputs.encoding.plain:
            rectifiers = inputs.rectifiers().of_scaled(scale, centre)
            layers += [rectifiers.before(), nn.ReLU()]
            first, skip = rectifiers.behind(first), skip and rectifiers.behind(skip)
        else:
            first, skip = _of_raw(first, scale, centre), skip and _of_raw(skip, scale, centre)
        if outputs is not None:
            last, skip = _in_units(last, outputs, outputs.mean), skip and _in_units(skip, outputs, 0.0)
    body = nn.Sequential(first, *hidden, last)
    if skip is None:
        return nn.Sequential(*layers, *body).eval()
    if not first.out_features:  # the line alone
        return nn.Sequential(*layers, linear(skip.weight.numpy(), _bias(skip) + _bias(last))).eval()
    return nn.Sequential(*layers, Skip(body, skip)).eval()


def _parts(network: nn.Sequential | Skip) -> tuple[nn.Linear, list[nn.Module], nn.Linear, nn.Linear | None]:
    """Copies in float64 of the first layer, those between, the last one, and the line beside them."""
    only = network[0] if isinstance(network, nn.Sequential) and len(network) == 1 else network
    plain = copy.deepcopy(only).double()
    body, skip = (plain.body, plain.linear) if isinstance(plain, Skip) else (plain, None)
    first, *hidden, last = body if isinstance(body, nn.Sequential) and len(body) > 1 else (None, None)
    if not isinstance(first, nn.Linear) or not isinstance(last, nn.Linear):
        raise TypeError("a learned network begins and ends with layers of their own")
    return first, hidden, last, skip


def _of_raw(layer: nn.Linear, scale: Column, centre: Column) -> nn.Linear:
    """A layer of ``scale * (x - centre)`` as one of x."""
    weight = layer.weight.numpy() * scale
    return linear(weight, _bias(layer) - weight @ centre)


def _in_units(layer: nn.Linear, outputs: Standardiser, mean: Column | float) -> nn.Linear:
    return linear(layer.weight.numpy() * outputs.scale[:, None], _bias(layer) * outputs.scale + mean)


def _bias(layer: nn.Linear) -> Column:
    return np.zeros(layer.out_features) if layer.bias is None else np.asarray(layer.bias.numpy())


def _centring(standardiser: Standardiser) -> tuple[nn.Linear, Column, Column]:
    """The layer u = (x - m) / 2^e, and the scale and centre by which standardised columns come of u."""
    mean, spread = standardiser.mean, standardiser.scale > 0
    with np.errstate(over="ignore"):
        near = mean.astype(np.float32).astype(np.float64)
    near = np.where(np.isfinite(near), near, mean)
    mantissa, power = np.frexp(np.where(spread, standardiser.scale, 1.0))
    unit = np.where(spread, np.ldexp(1.0, -power), 0.0)
    return linear(np.diag(unit), -near * unit), np.where(spread, 1 / mantissa, 0.0), (mean - near) * unit
