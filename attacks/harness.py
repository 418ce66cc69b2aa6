"""One attempt after the other, each in a folder of its own, with random numbers of its own and a bounded time."""

import importlib
import pkgutil
import signal
import tempfile
import traceback
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import numpy as np

import attacks

#: What an attempt is given: its index, random numbers that hang on seed, attack and index alone, an empty folder.
#: It returns what is wrong, or None.
Attempt = Callable[[int, np.random.Generator, Path], str | None]


@dataclass(frozen=True)
class Attack:
    """A kind of attack.

    Args:
        name: the name of its module.
        cases: attempts of the long form, ``make attack``.
        short: attempts among the tests.
        attempt: one attempt.
        seconds: after which an attempt counts as one that hangs.
    """

    name: str
    cases: int
    short: int
    attempt: Attempt
    seconds: float = 20.0


class Hang(BaseException):
    """An attempt took too long; no code that it runs may take this for an error of its own."""


def known() -> dict[str, Attack]:
    """Every attack by its name: the modules of this package that hold one."""
    modules = (importlib.import_module(f"attacks.{module.name}") for module in pkgutil.iter_modules(attacks.__path__))
    found = (getattr(module, "attack", None) for module in modules if module.__name__ != "attacks.__main__")
    return {attack.name: attack for attack in found if isinstance(attack, Attack)}


def tried(attack: Attack, seed: int, index: int) -> str | None:
    """What is wrong in one attempt, None if nothing is; an exception that the attempt did not expect is wrong.

    >>> tried(Attack("division", 1, 1, lambda index, generator, folder: str(1 / index)), seed=0, index=0)
    'ZeroDivisionError: division by zero, in <lambda>'
    """
    # A name's own number that, unlike its hash, is the same in every process.
    generator = np.random.default_rng([seed, zlib.crc32(attack.name.encode()), index])
    with tempfile.TemporaryDirectory(prefix=f"{attack.name}-", ignore_cleanup_errors=True) as folder:
        try:
            with _bounded(attack.seconds):
                return attack.attempt(index, generator, Path(folder))
        except Hang:
            return f"it takes more than {attack.seconds:g} s"
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1].name
            return f"{type(error).__name__}: {str(error)[:300]!r}, in {where}".replace("'", "", 2)


def faults_of(batch: tuple[str, int, range]) -> list[tuple[int, str]]:
    """What is wrong in some attempts of an attack: its name, a seed, and which; here, for a worker imports no command.

    >>> faults_of(("run_folders", 0, range(0)))
    []
    """
    name, seed, indices = batch
    attack = known()[name]
    return [(index, fault) for index in indices if (fault := tried(attack, seed, index)) is not None]


@contextmanager
def _bounded(seconds: float) -> Iterator[None]:
    def stop(number: int, frame: FrameType | None) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
