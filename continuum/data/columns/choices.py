"""What the user says about the columns of a file where the cells leave it open."""

from dataclasses import dataclass

from continuum.checks import one_of
from continuum.errors import BadInput

#: Decimal signs.
POINT, COMMA = ".", ","


@dataclass(frozen=True, kw_only=True)
class ColumnChoices:
    """How columns are read; by default as their cells show.

    >>> ColumnChoices(decimal=";")
    Traceback (most recent call last):
    ...
    continuum.errors.BadInput: decimal: expected one of ,, ., got ';'; choose among these signs
    """

    decimal: str | None = None
    """The decimal sign, "." or ",", of numbers that can be read with either, such as 1,234."""
    day_first: bool | None = None
    """Whether 01/02/2020 is the first of February, where no row of the file says so."""
    drop: tuple[str, ...] = ()
    """Columns to leave out."""
    keep: tuple[str, ...] = ()
    """Columns to use though they look like identifiers, or hold one value."""
    categorical: tuple[str, ...] = ()
    """Columns of categories, one indicator each, even where they hold numbers."""

    def __post_init__(self) -> None:
        if self.decimal is not None:
            one_of("decimal", self.decimal, (POINT, COMMA), plural="signs")

    def check_names(self, where: str, names: tuple[str, ...]) -> None:
        """Raise for a column that is named here, and absent from the file ``where``."""
        for choice in ("drop", "keep", "categorical"):
            absent = [name for name in getattr(self, choice) if name not in names]
            if absent:
                came = f"{choice} {absent[0]!r}"
                raise BadInput(where, expected=f"columns of the file in {choice}", came=came, remedy="see its header")
