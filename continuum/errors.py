"""What can go wrong, as values: each error carries the exit code that a command ends with.

Every message names three things: what was expected, what came, and the remedy. However long or odd these are, it stays
one line of at most ``continuum.legible.MOST`` characters, all of which can be printed.
"""

from continuum.legible import MOST, fitted, legible


class ContinuumError(Exception):
    """Base of all errors that continuum raises on purpose; a command prints it in one line, without a traceback."""

    exit_code = 1

    def __init__(self, message: object = "") -> None:
        super().__init__(legible(message))


class BadInput(ContinuumError, ValueError):
    """The user's input cannot be used.

    >>> raise BadInput("gamma", expected="a number in [0, 16]", came="-1.0", remedy="give a width of at least 0")
    Traceback (most recent call last):
    ...
    continuum.errors.BadInput: gamma: expected a number in [0, 16], got -1.0; give a width of at least 0
    """

    exit_code = 2

    def __init__(self, what: str, *, expected: str, came: object, remedy: str) -> None:
        words = "{}: expected {}, got {}; {}"
        parts = fitted([what, expected, legible(came), remedy], MOST - len(words))
        super().__init__(words.format(*parts))
        self.what, self.expected, self.came, self.remedy = what, expected, came, remedy

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions cross process borders by pickle, which would otherwise replay only the message.
        return _rebuild, (type(self), self.what, self.expected, self.came, self.remedy)


def _rebuild(kind: type[BadInput], what: str, expected: str, came: object, remedy: str) -> BadInput:
    return kind(what, expected=expected, came=came, remedy=remedy)


class Diverged(ContinuumError, ArithmeticError):
    """Numbers left the range of floats while a network was trained: NaN or infinity in its widths or weights."""

    def __init__(self, what: str) -> None:
        super().__init__(f"training diverged: {what}; lower lr, or mend the scale of loss, price or weights")
        self.what = what

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.what,)


class RunLocked(ContinuumError):
    """Another process is working in the run folder."""

    exit_code = 3


class StorageError(ContinuumError):
    """Results cannot be written or read: full disk, missing permission, damaged file."""

    exit_code = 4
