"""How much may be asked of one run: checked by counting, before any list is built.

A number with too many zeros is a slip of the finger; without these checks it would fill the memory, or never end.
"""

import math
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from continuum.errors import BadInput
from continuum.exp.experiment import RunOptions

#: Most cells of a run: each is a folder on disk, and planning looks at every one.
MOST_CELLS = 100_000
#: Largest whole number in a configuration, seeds included: what 32 bits hold.
MOST_WHOLE = 2**31 - 1
#: Worker processes per core: more would only wait for each other, and each needs memory of its own.
MOST_PER_CORE = 16
#: Most units of a network: far above any width that is compared, and a desktop has memory for them.
MOST_UNITS = 65_536
#: Most of what one cell holds at once: networks, rows, draws.
MOST_AT_ONCE = 10_000_000


def check_numbers(config: RunOptions) -> None:
    """Raise ``BadInput`` for a number that no experiment can use: not finite, or beyond ``MOST_WHOLE``.

    >>> check_numbers(RunOptions(jobs=10**9))
    >>> check_numbers(RunOptions(jobs=10**30))
    Traceback (most recent call last):
    ...
    continuum.errors.BadInput: jobs: expected a whole number of at most 2147483647, got 1e+30; lower --jobs
    """
    for field in fields(config):
        for value in _listed(getattr(config, field.name)):
            flag = _flag(field.name)
            if isinstance(value, int) and abs(value) > MOST_WHOLE:
                expected = f"a whole number of at most {MOST_WHOLE}"
                raise BadInput(field.name, expected=expected, came=_brief(value), remedy=f"lower {flag}")
            if isinstance(value, float) and not math.isfinite(value):
                raise BadInput(field.name, expected="a finite number", came=value, remedy=f"change {flag}")


def check_cells(**factors: int) -> None:
    """Raise ``BadInput`` if the product of the factors, by the names of their fields, is more cells than allowed.

    >>> check_cells(tasks=4, seeds=1_000_000)
    Traceback (most recent call last):
    ...
    continuum.errors.BadInput: seeds: expected at most 100000 cells in one run, got 4 tasks x 1000000 seeds; \
lower --seeds, or cut the work into runs of their own
    """
    if math.prod(factors.values()) > MOST_CELLS:
        largest = max(factors, key=lambda name: factors[name])
        came = " x ".join(f"{_brief(count)} {name.replace('_', ' ')}" for name, count in factors.items())
        remedy = f"lower {_flag(largest)}, or cut the work into runs of their own"
        raise BadInput(largest, expected=f"at most {MOST_CELLS} cells in one run", came=came, remedy=remedy)


def check_most(config: RunOptions, most: int, *names: str) -> None:
    """Raise ``BadInput`` if a field, or an entry of one that is a list, is larger than ``most``.

    >>> check_most(RunOptions(jobs=3), 2, "jobs")
    Traceback (most recent call last):
    ...
    continuum.errors.BadInput: jobs: expected at most 2, got 3; lower --jobs
    """
    for name in names:
        for value in _listed(getattr(config, name)):
            if value is not None and value > most:
                raise BadInput(name, expected=f"at most {most}", came=_brief(value), remedy=f"lower {_flag(name)}")


def _listed(value: Any) -> Iterable[Any]:
    return value if isinstance(value, tuple | list) else (value,)


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _brief(value: float) -> str:
    """A number as it is, or rounded where it is long.

    >>> _brief(1000), _brief(-(10**400))
    ('1000', 'one of 401 digits')
    """
    digits = int(math.log10(abs(value))) + 1 if value else 1
    return str(value) if digits <= 12 else f"{value:.3g}" if digits <= 300 else f"one of {digits} digits"
