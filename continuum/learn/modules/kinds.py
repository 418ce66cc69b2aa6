"""Which modules a chain may hold, and how each treats the length of what it is given."""

from torch import nn
from torch.nn.modules.lazy import LazyModuleMixin

from continuum.errors import BadInput

#: Modules with weights from units to units.
Map = nn.Linear | nn.Conv1d | nn.Conv2d
#: Layers that have units.
MAPS = (nn.Linear, nn.Conv1d, nn.Conv2d)
#: Each column, or each channel, standardised by itself.
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
#: Pooling by the number of axes it runs over.
POOLS = {
    1: (nn.MaxPool1d, nn.AvgPool1d, nn.AdaptiveMaxPool1d, nn.AdaptiveAvgPool1d),
    2: (nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveMaxPool2d, nn.AdaptiveAvgPool2d),
}
#: phi(c z) = c phi(z) for c > 0.
HOMOGENEOUS = (nn.Identity, nn.ReLU, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.Flatten)
#: Layers that silence units at random.
DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.AlphaDropout, nn.FeatureAlphaDropout)
#: |phi| has a bound.
BOUNDED = (nn.Tanh, nn.Sigmoid, nn.Hardtanh, nn.Hardsigmoid, nn.Softsign, nn.ReLU6)
#: Neither: they look the more like a rectifier, or like a line, the longer what they are given.
UNBOUNDED = (
    *(nn.GELU, nn.SiLU, nn.Mish, nn.Hardswish, nn.ELU, nn.SELU, nn.CELU, nn.Softplus, nn.LogSigmoid),
    *(nn.Softshrink, nn.Hardshrink, nn.Tanhshrink),
)
#: Allowed behind the last map alone, because they mix units.
MIXING = (nn.Softmax, nn.LogSoftmax, nn.Softmin, nn.Softmax2d, nn.Unflatten)
#: Layers that pool places, channel by channel.
POOLING = POOLS[1] + POOLS[2]
#: Layers that may stand between two maps.
BETWEEN = NORMS + POOLING + HOMOGENEOUS + DROPOUTS + BOUNDED + UNBOUNDED


def check_leaf(module: nn.Module, place: str, *, last: bool) -> None:
    """Refuse a module whose units cannot be told apart; ``last``: it stands behind the last map."""
    kind = type(module)
    if isinstance(module, LazyModuleMixin):
        remedy = "call the module once on some rows before"
        raise BadInput(place, expected="a module that has its weights", came=kind.__name__, remedy=remedy)
    if kind in MAPS:
        _check_map(module, place)
    elif kind not in BETWEEN and not (last and kind in MIXING):
        known = "Linear, Conv1d, Conv2d, BatchNorm, an elementwise activation, Dropout, Flatten or pooling"
        remedy = "in others units may be mixed, shared or added up, and their blocks cannot be told"
        raise BadInput(place, expected=f"a chain of {known}", came=kind.__name__, remedy=remedy)
    if isinstance(module, nn.Flatten) and (module.start_dim, module.end_dim) != (1, -1):
        came = f"Flatten({module.start_dim}, {module.end_dim})"
        raise BadInput(place, expected="Flatten()", came=came, remedy="flatten everything behind the rows")
    if getattr(module, "return_indices", False):
        raise BadInput(place, expected="pooling that returns a tensor", came="return_indices", remedy="leave it out")
    if any(not parameter.requires_grad for parameter in module.parameters()):
        remedy = "set requires_grad, or run the frozen part on the data before"
        raise BadInput(place, expected="weights that are trained", came="frozen ones", remedy=remedy)


def _check_map(module: nn.Module, place: str) -> None:
    if isinstance(module, nn.Conv1d | nn.Conv2d) and module.groups != 1:
        remedy = "a channel feeds its own group alone, and groups must stay equally large"
        raise BadInput(place, expected="a convolution with groups=1", came=f"groups={module.groups}", remedy=remedy)
    if not isinstance(module._parameters.get("weight"), nn.Parameter):
        remedy = "remove what computes them, such as weight_norm"
        raise BadInput(place, expected="weights that are parameters", came="others", remedy=remedy)
    if not module._parameters["weight"].is_contiguous():  # type: ignore[union-attr]
        remedy = "a block is a view; call module.to(memory_format=torch.contiguous_format)"
        raise BadInput(place, expected="contiguous weights", came="another memory format", remedy=remedy)


def growth(modules: list[nn.Module]) -> str:
    """How a unit's output follows the length of what these modules are given, one behind the other.

    ``homogeneous``: in proportion; ``bounded``: it stops to; ``unbounded``: in proportion for great lengths only.

    >>> growth([nn.ReLU(), nn.MaxPool2d(2)]), growth([nn.GELU(), nn.Tanh()]), growth([nn.GELU()])
    ('homogeneous', 'bounded', 'unbounded')
    """
    kinds = {type(module) for module in modules}
    if kinds & set(BOUNDED):
        return "bounded"
    return "unbounded" if kinds & set(UNBOUNDED) else "homogeneous"
