r"""Lengths that are fixed so that no unit escapes its price by moving its scale where it costs nothing.

The price of a unit is on its block v. Where the function is :math:`v\,\phi(w \cdot x)` with :math:`\phi` positively
homogeneous, (c w, v / c) computes the same for every c > 0, and v / c may be as cheap as one likes. So the last scale
in front of the block is fixed, whichever it is:

* without BatchNorm the incoming weights with the bias: length 1 if all between is homogeneous, at most
  ``LONGEST`` if it is homogeneous for great lengths only (GELU, SiLU, ELU, ...), free if it is bounded;
* behind BatchNorm the incoming weights have no say any more, but its own scale and shift do:
  :math:`(\gamma_i, \beta_i)` takes the part of the incoming weights in the rule above. With many places per unit it is
  the root mean square over these that counts.

A slope of PReLU beyond 1 would be such a scale, too, and is held at 1: the other sign of the incoming weights makes of
it one below 1.

BatchNorm frees the rows of the map before it: halving all of them changes nothing. But these rows are made of the
*blocks of the layer before*, which could shrink to nothing in this way and take their price along. So the weights of
every map that has BatchNorm behind it are put to unit length row by row, without the bias, which is inert there.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from continuum.learn.modules.chain import Chain, HiddenLayer, last_norm
from continuum.learn.modules.kinds import NORMS, Map, growth

#: Most length where units look like rectifiers the longer they are; that of the first incoming weights of tanh units.
LONGEST = 2.0
#: Below it a length is none.
TINY = 1e-12


@torch.no_grad()
def settle(chain: Chain, *, moved: bool = False) -> None:
    """Put lengths back where they belong, in place.

    With ``moved`` the blocks take over what their units lose, so that the function stays: for the start and for
    removals. Between steps they do not: the noise of steps along the sphere, which only ever lengthens, would inflate
    them geometrically.
    """
    layers = chain.layers
    for place, (source, behind) in enumerate(zip(chain.maps, chain.behind, strict=True)):
        layer = layers[place] if place < len(layers) else None
        for slopes in (module.weight for module in behind if isinstance(module, nn.PReLU)):
            slopes.clamp_(-1, 1)
        norm = last_norm(behind)
        if norm is not None:
            _settle_normed(source, behind, moved=moved)
            if layer is not None and norm.affine:
                _settle_affine(layer, norm, moved=moved)
        elif layer is not None:
            _settle_incoming(layer, moved=moved)


def _settle_incoming(layer: HiddenLayer, *, moved: bool) -> None:
    source, kind = layer.source, growth(layer.between)
    lost = _lost(row_lengths(source), kind)
    _divide_rows(source, lost, bias=True)
    if moved and kind == "homogeneous":
        layer.blocks().mul_(lost[:, None])


def _settle_normed(source: Map, behind: list[nn.Module], *, moved: bool) -> None:
    length = source.weight.flatten(1).norm(dim=1).clamp(min=TINY)
    if not moved:
        _divide_rows(source, length, bias=False)
        return
    first = next(place for place, module in enumerate(behind) if isinstance(module, NORMS))
    _divide_rows(source, length, bias=True)
    mean, variance = (getattr(behind[first], name) for name in ("running_mean", "running_var"))
    if growth(behind[:first]) == "homogeneous" and mean is not None:
        mean.view(len(length), -1).div_(length[:, None])
        variance.view(len(length), -1).div_(length[:, None].square())


def _settle_affine(layer: HiddenLayer, norm: nn.Module, *, moved: bool) -> None:
    scale, shift = (getattr(norm, name).view(layer.units, -1) for name in ("weight", "bias"))
    kind = growth(layer.between[layer.between.index(norm) + 1 :])
    lost = _lost((scale.square() + shift.square()).mean(1).sqrt(), kind)
    scale.div_(lost[:, None])
    shift.div_(lost[:, None])
    if moved and kind == "homogeneous":
        layer.blocks().mul_(lost[:, None])


def row_lengths(source: Map) -> Float[Tensor, " units"]:
    """Lengths of incoming weights and bias together."""
    square = source.weight.detach().flatten(1).square().sum(1)
    return (square if source.bias is None else square + source.bias.detach().square()).sqrt()


def _lost(length: Float[Tensor, " units"], kind: str) -> Float[Tensor, " units"]:
    """What lengths must be divided by."""
    if kind == "homogeneous":
        return torch.where(length > TINY, length, 1.0)
    return (length / LONGEST).clamp(min=1) if kind == "unbounded" else torch.ones_like(length)


def _divide_rows(source: Map, lost: Float[Tensor, " units"], *, bias: bool) -> None:
    source.weight.div_(lost.view(-1, *[1] * (source.weight.dim() - 1)))
    if bias and source.bias is not None:
        source.bias.div_(lost)
