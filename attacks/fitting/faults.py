"""What counts as a fault: whose words an error has, how long they are, and whose warnings may be heard."""

import linecache
import traceback
import warnings
from typing import Any

from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError

from continuum.errors import BadInput, ContinuumError

#: Characters of a screen of 80 columns and 24 lines.
SCREEN = 1920
#: Warnings that tell users something in words of this package or of scikit-learn.
TOLD = (ConvergenceWarning, DataConversionWarning)
#: Words of warnings without a category of their own: of exports in few digits, of numbers as texts, of many
#: classes and of names (scikit-learn), and of targets that a loss of the user's own broadcasts (PyTorch).
USEFUL = (
    "outputs move by",
    "read as categories",
    "The number of unique classes is greater",
    "valid feature names",
    "was fitted without feature names",
    "Using a target size",
)


def fault_of_error(error: BaseException, where: str) -> str | None:
    """What is wrong with this error, None where it is one that tells a user what to do."""
    text = str(error)
    name = f"{where}: {type(error).__name__}: {shortened(text)}"
    if not isinstance(error, ValueError | TypeError | ContinuumError | NotFittedError):
        return f"{name} at {_place(error)}"
    if len(text) > SCREEN or text.count("\n") > 22:
        return f"{name}: {len(text)} characters, {text.count(chr(10))} lines"
    if any(not character.isprintable() and character not in "\n\t" for character in text):
        return f"{name}: control characters"
    if isinstance(error, ContinuumError):
        return f"{name}: without a remedy" if isinstance(error, BadInput) and not error.remedy else None
    if not _worded(error):
        return f"{name}: words of {_place(error)}"
    return None


def fault_of_warnings(heard: list[warnings.WarningMessage], where: str) -> str | None:
    """A warning that no user can use: of arithmetic, of pandas, of what is about to change."""
    for warning in heard:
        if issubclass(warning.category, TOLD):
            continue
        text = str(warning.message)
        if warning.category is not UserWarning or not any(words in text for words in USEFUL):
            return f"{where}: {warning.category.__name__}: {shortened(text)} at {warning.filename}:{warning.lineno}"
    return None


def shortened(text: str) -> str:
    """A text for the report of an attack."""
    return repr(text if len(text) < 300 else f"{text[:300]}... ({len(text)} characters)")


def _worded(error: BaseException) -> bool:
    """Whether the last frame is one of scikit-learn, or a ``raise`` of this package."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return False
    last = frames[-1]
    if "/sklearn/" in last.filename and "/continuum/sklearn/" not in last.filename:
        return True
    if "/continuum/" not in last.filename:
        return False
    return linecache.getline(last.filename, last.lineno or 0).strip().startswith("raise ")


def _place(error: BaseException) -> str:
    frames: list[Any] = [f for f in traceback.extract_tb(error.__traceback__) if "/attacks/" not in f.filename]
    ours = [f for f in frames if "/continuum/" in f.filename]
    return "; ".join(f"{f.filename.rpartition('/continuum/')[2]}:{f.lineno}" for f in [*ours[-1:], *frames[-1:]])
