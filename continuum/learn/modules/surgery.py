"""Units kept, dropped and put in order: every tensor that has an entry per unit follows."""

from collections.abc import Iterator
from dataclasses import dataclass

from jaxtyping import Int
from torch import Tensor, nn

from continuum.learn.modules.chain import HiddenLayer

#: Attributes of a module that may hold an entry per unit of the layer in which it stands.
PER_UNIT = ("weight", "bias", "running_mean", "running_var")


@dataclass(frozen=True)
class Part:
    """A tensor, by its module and name, and where a layer's units lie in it.

    Args:
        module, name: whose attribute it is.
        axis: 0 for units as rows, or runs of rows; 1 for blocks.
    """

    module: nn.Module
    name: str
    axis: int

    @property
    def tensor(self) -> Tensor:
        """The tensor itself."""
        tensor: Tensor = getattr(self.module, self.name)
        return tensor

    def by_unit(self, units: int, like: Tensor | None = None) -> Tensor:
        """A view with the units along the first axis, of the tensor or of one of its shape."""
        tensor = self.tensor.detach() if like is None else like
        if self.axis == 0:
            return tensor.view(units, -1)
        return tensor.view(len(tensor), units, -1).transpose(0, 1)

    def taken(self, units: int, order: Int[Tensor, " kept"], like: Tensor | None = None) -> Tensor:
        """The tensor, or one of its shape, with the units ``order`` alone."""
        tensor = self.tensor.detach() if like is None else like
        if self.axis == 0:
            rows = tensor.view(units, -1, *tensor.shape[1:])[order]
            return rows.reshape(-1, *tensor.shape[1:])
        blocks = tensor.view(len(tensor), units, -1)[:, order]
        return blocks.reshape(len(tensor), -1, *tensor.shape[2:])


def parts(layer: HiddenLayer) -> Iterator[Part]:
    """All tensors with entries of this layer's units."""
    for module in (layer.source, *layer.between):
        for name in PER_UNIT:
            tensor = getattr(module, name, None)
            if tensor is not None and not (isinstance(module, nn.PReLU) and tensor.numel() == 1):
                yield Part(module, name, 0)
    yield Part(layer.target, "weight", 1)


def keep(layer: HiddenLayer, order: Int[Tensor, " kept"]) -> dict[nn.Parameter, tuple[nn.Parameter, Part]]:
    """Keep these units of a layer alone; of each parameter that was replaced, the new one and where its units lay.

    An optimiser that holds the old parameters would go on to move those, and nothing else, without a word: it must be
    given the new ones.
    """
    replaced, units = {}, layer.units
    for part in list(parts(layer)):
        old, new = part.tensor, part.taken(units, order)
        if isinstance(old, nn.Parameter):
            fresh = nn.Parameter(new)
            replaced[old] = fresh, part
            setattr(part.module, part.name, fresh)
        else:
            setattr(part.module, part.name, new)
        _resize(part)
    return replaced


def _resize(part: Part) -> None:
    """Tell the module its new size."""
    size = part.tensor.shape[part.axis]
    names = ("in_features", "in_channels") if part.axis else ("out_features", "out_channels")
    for name in (*names, *(() if part.axis else ("num_features", "num_parameters"))):
        if hasattr(part.module, name):
            setattr(part.module, name, size)
