"""How a file is read, where its own looks do not tell."""

from dataclasses import dataclass, fields
from typing import Literal

from continuum.checks import one_of
from continuum.data.columns.choices import ColumnChoices

Header = Literal["auto", "first", "none"]
#: What the first row can be said to be.
HEADERS: tuple[Header, ...] = ("auto", "first", "none")
#: Separators by their names; a space stands for any run of spaces and tabs.
SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}
#: A name per separator, as a sentence has it.
PLURALS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes", " ": "spaces"}


@dataclass(frozen=True, repr=False)
class Reading(ColumnChoices):
    """What is known about a file: all of it is found out where it is not given.

    ``separator`` is a name (comma, semicolon, tab, pipe, space) or the character itself. ``header`` says what the first
    row is: "first" a header, "none" data, and "auto" a header that must not look like data. ``target`` is the
    column to predict, by name or by index, which counts from 0 at the first and from -1 at the last column; by default
    the column called ``target``. ``keep_na`` keeps words such as NA and None in columns of text, where they else stand
    for no value. ``ColumnChoices`` says what is done with columns. Raises ``BadInput`` for a separator, header or
    decimal sign that is none.

    >>> Reading(separator=";", target="-1")
    Reading(separator='semicolon', target='-1')
    >>> Reading(separator="commma")
    Traceback (most recent call last):
    ...
    continuum.errors.BadInput: separator: expected one of comma, pipe, semicolon, space, tab, got 'commma'; did you \
mean comma?
    """

    separator: str | None = None
    header: Header = "auto"
    target: str | None = None
    keep_na: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.separator is not None:
            object.__setattr__(self, "separator", _separator_name(self.separator))
        one_of("header", self.header, HEADERS)

    @property
    def delimiter(self) -> str | None:
        """The separating character; None where it is to be found out."""
        return None if self.separator is None else SEPARATORS.get(self.separator, self.separator)

    def given(self) -> dict[str, str | bool | tuple[str, ...]]:
        """What is not left to be found out, by name.

        >>> Reading(target="quality", day_first=False).given()
        {'target': 'quality', 'day_first': False}
        """
        own = [field for field in fields(self) if field.name in self.__match_args__]
        told = [*own, *(field for field in fields(self) if field not in own)]
        values = {field.name: getattr(self, field.name) for field in told if getattr(self, field.name) != field.default}
        return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}

    def __repr__(self) -> str:
        return f"Reading({', '.join(f'{name}={value!r}' for name, value in self.given().items())})"


def _separator_name(separator: str) -> str:
    """A separator's name, or a character that has none."""
    separator = {"\\t": "\t"}.get(separator, separator)
    names = {character: name for name, character in SEPARATORS.items()}
    if separator in names:
        return names[separator]
    odd = separator.isalnum() or separator in "\"'\\\r\n\0._-+#%" or not separator.isprintable()
    if len(separator) == 1 and not odd:
        return separator
    return one_of("separator", separator, SEPARATORS, plural="separators, or give the character itself")


#: Nothing is known about a file.
AUTOMATIC = Reading()
