"""The methods by name."""

from collections.abc import Callable

from torch import Tensor

from continuum.errors import BadInput
from continuum.learn.methods.concrete import concrete
from continuum.learn.methods.fuzzy import fuzzy
from continuum.learn.methods.graded import graded
from continuum.learn.methods.hypergradient import hypergradient
from continuum.learn.methods.interval import interval
from continuum.learn.methods.path import path
from continuum.learn.methods.soft_support import soft_support
from continuum.learn.result import WidthResult
from continuum.learn.task import Task
from continuum.progress import Progress

#: Learns a width for a task, and tells its progress; the tensor has the device and the type of the results.
Method = Callable[[Task, Progress | None, Tensor], WidthResult]

#: The methods in the order of ``settings.METHODS``.
BY_NAME: dict[str, Method] = {
    "graded": graded,
    "interval": interval,
    "soft_support": soft_support,
    "fuzzy": fuzzy,
    "concrete": concrete,
    "hypergradient": hypergradient,
    "path": path,
}
#: Methods that look at held-out rows.
USE_VALIDATION = ("graded", "hypergradient", "path")
#: Methods that take no price.
WITHOUT_PRICE = ("path",)


def learn_by_name(task: Task, progress: Progress | None, like: Tensor) -> WidthResult:
    """Learn by the method of the task; raises ``BadInput`` for what the method cannot use."""
    name, price = task.config.method, task.config.price
    if task.held_out is not None and name not in USE_VALIDATION:
        expected, remedy = f"none with the method {name}", f"{', '.join(USE_VALIDATION)} use held-out rows"
        raise BadInput("validation", expected=expected, came="rows", remedy=remedy)
    if price is not None and name in WITHOUT_PRICE:
        remedy = "it finds a price; take the method graded to give one"
        raise BadInput("price", expected=f"None with the method {name}", came=price, remedy=remedy)
    return BY_NAME[name](task, progress, like)
