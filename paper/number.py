"""A number of the text: a macro, its value as LaTeX, and where it comes from."""

import math
import re
from dataclasses import dataclass

#: Letters only, as TeX wants it, and with a capital inside, so that a test can tell it from LaTeX's own commands.
NAME = re.compile(r"[a-z]+[A-Z][A-Za-z]*")
MISSING = "--"


@dataclass(frozen=True)
class Number:
    r"""The macro ``\name`` stands for ``value``; ``source`` names file and row.

    >>> print(Number("crossingCoin", "0.5003", "integer_crossing/predictions.csv, fair coin").definition())
    % integer_crossing/predictions.csv, fair coin
    \newcommand{\crossingCoin}{0.5003}
    <BLANKLINE>
    """

    name: str
    value: str
    source: str

    def __post_init__(self) -> None:
        """Refuse what TeX would misread."""
        if not NAME.fullmatch(self.name):
            raise ValueError(f"macro {self.name!r}: expected camelCase of letters only, such as crossingCoin")
        if not self.value or "\n" in self.value:
            raise ValueError(f"macro {self.name}: expected a value on one line, got {self.value!r}")
        if not self.source:
            raise ValueError(f"macro {self.name}: expected a source, file and row")

    def definition(self) -> str:
        """The macro in TeX, below a comment that says where its value comes from."""
        source = " ".join(self.source.split())
        return f"% {source}\n\\newcommand{{\\{self.name}}}{{{self.value}}}\n"


def fixed(value: float, digits: int = 2) -> str:
    """A number with that many digits after the point; NaN is missing, and a minus sign is one.

    >>> fixed(0.50031, 4), fixed(-2, 1), fixed(float("nan"))
    ('0.5003', '$-$2.0', '--')
    """
    if not math.isfinite(value):
        return MISSING
    text = f"{abs(value):.{digits}f}"
    return f"$-${text}" if value < 0 and float(text) else text


def percent(share: float, digits: int = 0) -> str:
    r"""A share as a percentage.

    >>> print(percent(0.4957), percent(0.98765, 1))
    50\,\% 98.8\,\%
    """
    return f"{fixed(100 * share, digits)}\\,\\%" if math.isfinite(share) else MISSING


def count(value: float) -> str:
    r"""A whole number, in groups of three from five digits on.

    >>> print(count(77), count(3880), count(14158))
    77 3880 14\,158
    """
    if not math.isfinite(value):
        return MISSING
    return f"{int(value):,}".replace(",", r"\,") if abs(value) >= 10_000 else str(int(value))


def scientific(value: float, digits: int = 1) -> str:
    r"""A number as a power of ten, in mathematics.

    >>> print(scientific(3.2e-10))
    $3.2\times10^{-10}$
    """
    if not math.isfinite(value):
        return MISSING
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    return f"${mantissa}\\times10^{{{int(exponent)}}}$"


def interval(low: float, high: float, digits: int = 2) -> str:
    """An interval in brackets.

    >>> interval(0.4921, 0.5085, 3)
    '[0.492, 0.508]'
    """
    return f"[{fixed(low, digits)}, {fixed(high, digits)}]" if math.isfinite(low + high) else MISSING
