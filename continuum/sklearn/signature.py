"""A constructor that takes all parameters of the one it extends, for those who look at its signature."""

import inspect
from collections.abc import Callable
from typing import Any

Constructor = Callable[..., None]


def extending(base: Constructor) -> Callable[[Constructor], Constructor]:
    """Show the parameters of ``base`` in place of ``**parameters``, as scikit-learn, editors and manuals look for them.

    >>> def one(self, *, a=1): ...
    >>> @extending(one)
    ... def other(self, *, b=2, **parameters): ...
    >>> inspect.signature(other)
    <Signature (self, *, a=1, b=2)>
    """

    def extended(constructor: Constructor) -> Constructor:
        own, inherited = inspect.signature(constructor), inspect.signature(base)
        kept = [p for p in own.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
        new = [p for p in kept if p.name not in inherited.parameters]
        together: Any = constructor
        together.__signature__ = inherited.replace(parameters=[*inherited.parameters.values(), *new])
        return constructor

    return extended
