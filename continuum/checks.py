"""Checks of user input, worded alike everywhere."""

import math
from collections.abc import Iterable
from numbers import Real

from continuum.errors import BadInput
from continuum.legible import enumeration, legible, nearest


def whole(what: str, value: object, *, at_least: int) -> int:
    """Return ``value`` if it is an integer not below ``at_least``, else raise ``BadInput``.

    >>> whole("units", 16, at_least=1)
    16
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < at_least:
        raise BadInput(what, expected=f"an integer >= {at_least}", came=_repr(value), remedy=f"give {at_least} or more")
    return value


def _finite(value: object) -> bool:
    """Whether this is one finite number: of Python, of NumPy, or an array or tensor of no dimension."""
    if getattr(value, "shape", ()) != ():
        return False  # NumPy would take an array of one number for it
    try:
        return math.isfinite(value)  # type: ignore[arg-type]  # it tells texts and None by TypeError
    except (TypeError, ValueError, OverflowError):
        return False


def _shown(value: object) -> object:
    """A number as it prints, without the type that NumPy's repr names; all else such that '1' is no 1."""
    return value if isinstance(value, Real) else _repr(value)


def _repr(value: object) -> str:
    """The ``repr`` of a value, which some values lack: whole numbers of more digits than Python prints."""
    try:
        return repr(value)
    except Exception:
        return legible(value)


def number(what: str, value: float, *, low: float = -math.inf, high: float = math.inf, remedy: str = "") -> float:
    """Return ``value`` if it is finite and in [low, high], else raise ``BadInput``.

    >>> number("gamma", 2.5, low=0, high=16)
    2.5
    """
    if not (_finite(value) and low <= value <= high):
        raise BadInput(
            what,
            expected=f"a finite number in [{low:g}, {high:g}]",
            came=_shown(value),
            remedy=remedy or "give a value in that range",
        )
    return value


def positive(what: str, value: float, *, remedy: str) -> float:
    """Return ``value`` if it is a finite number > 0, else raise ``BadInput``.

    >>> positive("temperature", 0.5, remedy="1 is a common choice")
    0.5
    """
    if not (_finite(value) and value > 0):
        raise BadInput(what, expected="a finite number > 0", came=_shown(value), remedy=remedy)
    return float(value)


def one_of(what: str, value: str, known: Iterable[str], *, plural: str = "choices") -> str:
    """Return ``value`` if it is known, else raise ``BadInput`` with the nearest names.

    >>> one_of("activation", "tanhh", ["tanh", "relu"])
    Traceback (most recent call last):
    ...
    continuum.errors.BadInput: activation: expected one of relu, tanh, got 'tanhh'; did you mean tanh?
    """
    names = sorted(known)
    if isinstance(value, str) and value in names:  # arrays compare to no single truth
        return value
    near = nearest(value, names)
    remedy = f"did you mean {' or '.join(near)}?" if near else f"choose among these {plural}"
    raise BadInput(what, expected=f"one of {enumeration(names, value, most=24)}", came=_repr(value), remedy=remedy)
