"""The benchmark as other tools want it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from continuum.benchmark.evaluator import Evaluator, Request
from continuum.benchmark.space import Point, Space
from continuum.errors import BadInput

if TYPE_CHECKING:
    import optuna


def objective_function(evaluator: Evaluator, *, on_grid: bool = True) -> "Callable[[optuna.Trial], float]":
    """A function for ``study.optimize``: it suggests a point, reports J of every epoch, and stops where pruned.

    Args:
        evaluator: who answers.
        on_grid: suggest points of the grid; else real gamma and lr, which takes ``Live``, or interpolation.

    It returns the least J on the validation rows; ``trial.user_attrs["epochs"]`` is what the trial cost. It needs the
    extra ``search``.

    >>> from continuum.benchmark import Live
    >>> tiny = Space(gamma=(0.5, 2.0), lr=(0.01,), weight_decay=(0.0,), depth=(1,), epochs=3)
    >>> callable(objective_function(Live("iris", 0, tiny)))
    True
    """
    pruned = _optuna().TrialPruned

    def objective(trial: "optuna.Trial") -> float:
        point = _suggested(trial, evaluator.space, on_grid=on_grid)
        curve = evaluator.curves([Request(point, evaluator.space.epochs)])[0]
        values = [float(value) for value in evaluator.objective.values(curve)]
        for epoch, value in enumerate(values, 1):
            trial.report(value, epoch)
            if epoch < len(values) and trial.should_prune():
                trial.set_user_attr("epochs", epoch)
                raise pruned
        trial.set_user_attr("epochs", len(values))
        return min(values)

    return objective


def _suggested(trial: "optuna.Trial", space: Space, *, on_grid: bool) -> Point:
    decay = trial.suggest_categorical("weight_decay", space.weight_decay)
    depth = trial.suggest_categorical("depth", space.depth)
    if on_grid:
        gamma, lr = trial.suggest_categorical("gamma", space.gamma), trial.suggest_categorical("lr", space.lr)
    else:
        gamma = trial.suggest_float("gamma", space.gamma[0], space.gamma[-1], log=True)
        lr = trial.suggest_float("lr", space.lr[0], space.lr[-1], log=True)
    return Point(gamma, lr, decay, depth)


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        remedy = "pip install 'continuum-width[search]'"
        raise BadInput("optuna", expected="the package optuna", came="none", remedy=remedy) from None
    return optuna


def config_space(space: Space, *, on_grid: bool = True) -> dict[str, Any]:
    """The space as ConfigSpace spells it in JSON: plain dictionaries of hyperparameters, without that package.

    >>> names = [entry["name"] for entry in config_space(Space())["hyperparameters"]]
    >>> names
    ['gamma', 'lr', 'weight_decay', 'depth']
    """
    axes = {name: getattr(space, name) for name in ("gamma", "lr", "weight_decay", "depth")}
    entries = [
        _real(name, values) if name in ("gamma", "lr") and not on_grid else _ordinal(name, values)
        for name, values in axes.items()
    ]
    empty: dict[str, Any] = {"conditions": [], "forbiddens": [], "format_version": 0.4}
    return {"name": "continuum", "hyperparameters": entries, **empty}


def _ordinal(name: str, values: tuple[float, ...]) -> dict[str, Any]:
    return {"name": name, "type": "ordinal", "sequence": list(values), "default_value": values[len(values) // 2]}


def _real(name: str, values: tuple[float, ...]) -> dict[str, Any]:
    low, high = values[0], values[-1]
    default = (low * high) ** 0.5
    return {"name": name, "type": "uniform_float", "lower": low, "upper": high, "log": True, "default_value": default}
