"""A user's module as a chain: which weights belong to which unit of which hidden layer."""

from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from continuum.errors import BadInput
from continuum.learn.modules.kinds import MAPS, NORMS, POOLS, Map, check_leaf


@dataclass(frozen=True, eq=False)
class HiddenLayer:
    """Units between two maps.

    Args:
        source: the map whose rows, or output channels, are the units.
        between: what stands between the maps, unit by unit.
        target: the next map; a unit's *block* is what it multiplies there: a column, a slice of input channels, or,
            through Flatten, as many columns as the unit has places.
        beyond: the hidden layer whose units the target's rows are; None for outputs.
    """

    source: Map
    between: list[nn.Module]
    target: Map
    beyond: "HiddenLayer | None" = None

    @property
    def units(self) -> int:
        """Units that are there, on or silent."""
        return len(self.source.weight)

    def blocks(self, like: Tensor | None = None) -> Float[Tensor, "outputs units places"]:
        """A view of the target's weights, or of ``like`` of their shape, in which [:, i] is the block of unit i."""
        weight = self.target.weight.detach() if like is None else like
        return weight.view(len(weight), self.units, -1)

    @property
    def parameter(self) -> nn.Parameter:
        """The target's weights, by which an optimiser knows the blocks."""
        return cast("nn.Parameter", self.target.weight)

    def norms(self) -> Float[Tensor, " units"]:
        """Length of every block; weights to units that are silent themselves, which nobody hears, do not count."""
        norms: Tensor = torch.linalg.vector_norm(self.heard(self.blocks()), dim=(0, 2))
        return norms

    def live(self) -> Bool[Tensor, " units"]:
        """Units whose block is not 0."""
        return self.norms() > 0

    def heard(self, blocks: Tensor) -> Tensor:
        """The rows of blocks, or of their like, that reach the outputs."""
        live = None if self.beyond is None else self.beyond.live()
        return blocks if live is None or not bool(live.any()) else blocks[live]

    @property
    def norm(self) -> nn.BatchNorm1d | nn.BatchNorm2d | None:
        """The last BatchNorm before the target."""
        return last_norm(self.between)


@dataclass(frozen=True, eq=False)
class Chain:
    """A module with its maps, and what stands behind each.

    Args:
        module: as the user wrote it.
        maps: Linear, Conv1d and Conv2d modules, in order.
        behind: the modules behind each map, up to the next one.
    """

    module: nn.Sequential
    maps: list[Map]
    behind: list[list[nn.Module]]

    @property
    def layers(self) -> list[HiddenLayer]:
        """The hidden layers."""
        layers: list[HiddenLayer] = []
        for source, between, target in reversed(list(zip(self.maps, self.behind, self.maps[1:], strict=False))):
            layers.append(HiddenLayer(source, between, target, layers[-1] if layers else None))
        return layers[::-1]

    def units(self) -> list[int]:
        """Units of every hidden layer."""
        return [layer.units for layer in self.layers]

    def leaves(self) -> list[nn.Module]:
        """The modules in the order of the computation, without the sequences that hold them."""
        return _leaves(self.module)


def last_norm(modules: list[nn.Module]) -> nn.BatchNorm1d | nn.BatchNorm2d | None:
    """The last BatchNorm of these, or None."""
    norms = [module for module in modules if isinstance(module, NORMS)]
    return norms[-1] if norms else None


def chain_of(module: nn.Module) -> Chain:
    """The chain of a module, which it goes on to share; raises ``BadInput`` where it is none.

    >>> chain = chain_of(nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 9, 2)))
    >>> chain.units(), tuple(chain.layers[0].blocks().shape)
    ([4], (2, 4, 9))
    """
    if not isinstance(module, nn.Sequential) or type(module).forward is not nn.Sequential.forward:
        came, remedy = type(module).__name__, "write branches as a chain, or learn the widths of each chain by itself"
        raise BadInput("module", expected="an nn.Sequential", came=came, remedy=remedy)
    leaves = _leaves(module)
    places = [place for place, leaf in enumerate(leaves) if isinstance(leaf, MAPS)]
    for place, leaf in enumerate(leaves):
        check_leaf(leaf, f"module[{place}]", last=bool(places) and place > places[-1])
    if len(places) < 2:
        came, remedy = f"{len(places)} layers with weights", "a single layer has no width of its own"
        raise BadInput("module", expected="a hidden layer", came=came, remedy=remedy)
    _refuse_shared(leaves)
    behind = [leaves[first + 1 : last] for first, last in pairwise([*places, len(leaves)])]
    maps = [leaf for leaf in leaves if isinstance(leaf, MAPS)]
    chain = Chain(module, maps, behind)
    for number, layer in enumerate(chain.layers):
        _check_layer(layer, f"module[{places[number]}:{places[number + 1] + 1}]")
    return chain


def _leaves(module: nn.Module) -> list[nn.Module]:
    if isinstance(module, nn.Sequential) and type(module).forward is nn.Sequential.forward:
        return [leaf for child in module for leaf in _leaves(child)]
    return [module]


def _refuse_shared(leaves: list[nn.Module]) -> None:
    """A weight that is used twice belongs to units of two layers."""
    tensors = [tensor for leaf in leaves for tensor in (*leaf.parameters(), *leaf.buffers())]
    if len({tensor.data_ptr() for tensor in tensors if tensor.dim()}) < sum(tensor.dim() > 0 for tensor in tensors):
        remedy = "a shared weight has no width of its own; give each layer its own"
        raise BadInput("module", expected="every weight used once", came="a shared one", remedy=remedy)


def _check_layer(layer: HiddenLayer, place: str) -> None:
    """Refuse a layer through which units cannot be followed."""
    source, target = layer.source, layer.target
    axes, flat = source.weight.dim() - 2, False
    for module in layer.between:
        flat = flat or isinstance(module, nn.Flatten)
        for over, pools in POOLS.items():
            if isinstance(module, pools) and (flat or over != axes):
                came, remedy = type(module).__name__, "elsewhere pooling would run over units"
                raise BadInput(place, expected="pooling over places", came=came, remedy=remedy)
    if target.weight.dim() - 2 != axes and not (flat and isinstance(target, nn.Linear)):
        came = f"{type(target).__name__} behind {type(source).__name__}"
        remedy = "put Flatten() or pooling and Flatten() between them"
        raise BadInput(place, expected="maps over the same places", came=came, remedy=remedy)
    columns, units = target.weight.shape[1], layer.units
    if columns % units or (columns != units and not (flat and axes)):
        came, remedy = f"{columns} inputs for {units} units", "the units must lie one behind the other"
        raise BadInput(
            place, expected="as many inputs as units, or a multiple through Flatten", came=came, remedy=remedy
        )
    for module in layer.between:
        _check_per_unit(module, (units, columns), place)


def _check_per_unit(module: nn.Module, sizes: tuple[int, int], place: str) -> None:
    """BatchNorm or PReLU with one entry per unit, or per column through Flatten."""
    size = getattr(module, "num_features", getattr(module, "num_parameters", 1))
    if size not in (1, *sizes):
        came, remedy = f"{type(module).__name__} of {size}", "give it one entry per unit"
        raise BadInput(place, expected=f"{sizes[0]} entries", came=came, remedy=remedy)
