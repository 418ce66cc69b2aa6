"""The methods by name."""

from collections.abc import Callable

from torch import Tensor

from continuum.errors import BadInput
from continuum.learn.methods.concrete import concrete
from continuum.learn.methods.fuzzy import fuzzy
from continuum.learn.methods.hypergradient import hypergradient
from continuum.learn.methods.interval import linear, square_root
from continuum.learn.methods.path import path
from continuum.learn.methods.soft_support import soft_support
from continuum.learn.progress import Progress
from continuum.learn.result import WidthResult, learned
from continuum.learn.task import Task

#: Learns a width for a task, and tells its progress; the tensor has the device and the type of the results.
Method = Callable[[Task, Progress | None, Tensor], WidthResult]

BY_NAME: dict[str, Method] = {
    "graded": learned,
    "interval": linear,
    "interval_sqrt": square_root,
    "soft_support": soft_support,
    "fuzzy": fuzzy,
    "concrete": concrete,
    "hypergradient": hypergradient,
    "path": path,
}
#: Those that look at held-out rows.
JUDGED = ("graded", "hypergradient", "path")
#: Those that take no price.
PRICELESS = ("path",)


def by_name(task: Task, progress: Progress | None, like: Tensor) -> WidthResult:
    """Learn as the settings of the task say; raises ``BadInput`` for what the method cannot use."""
    name, price = task.settings.method, task.settings.price
    if task.held is not None and name not in JUDGED:
        expected, remedy = f"none with the method {name}", f"{', '.join(JUDGED)} use held-out rows"
        raise BadInput("validation", expected=expected, came="rows", remedy=remedy)
    if price is not None and name in PRICELESS:
        remedy = "it finds a price; take the method graded to give one"
        raise BadInput("price", expected=f"None with the method {name}", came=price, remedy=remedy)
    return BY_NAME[name](task, progress, like)
