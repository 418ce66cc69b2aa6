"""A table for a terminal that is never cut: where it is too wide, texts fold, then columns go on further below."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from continuum.legible import legible

#: Columns of a terminal below which prose is not folded for the sake of other columns.
COMFORT = 20
#: Most columns that are repeated in each block, and the share of the terminal that they may take.
MOST_REPEATED, SHARE_REPEATED = 4, 0.6
#: Longest text of a cell; no cell of a table says more.
LONGEST = 4000


@dataclass(frozen=True)
class Measured:
    """A column: its place, the width of its longest word, the least that reads well, and that of its longest line."""

    place: int
    word: int
    least: int
    natural: int


class Sheet(Table):
    """A ``rich`` table whose cells are plain text and stand whole at any width: no letter and no digit is left out.

    Where the terminal is narrower than the table, texts fold between words; where that is not enough, the columns that
    find no place follow in further blocks, below each other, which repeat the first columns, as many as tell the rows
    apart.

    >>> sheet = Sheet("task", "first score", "second score")
    >>> sheet.add_row("iris", "0.123456789", "0.987654321")
    >>> console = Console(width=24, color_system=None)
    >>> with console.capture() as printed:
    ...     console.print(sheet)
    >>> "0.987654321" in printed.get(), max(map(len, printed.get().splitlines())) <= 24
    (True, True)
    """

    def natural_width(self) -> int:
        """Columns of a terminal in which nothing folds."""
        table = self._frame(len(self.columns)) + sum(column.natural for column in self._measured())
        lines = f"{_plain(self.title)}\n{_plain(self.caption)}".split("\n")
        return max(table, *map(cell_len, lines))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the blocks; ``rich`` calls it."""
        columns = self._measured()
        repeated = self._repeated(columns, options.max_width)
        if self.title:
            yield Text(_plain(self.title).plain, style="table.title")
        for number, block in enumerate(_blocks(columns, repeated, options.max_width, self._frame)):
            if number:
                first, last = block[repeated].place + 1, block[-1].place + 1
                yield Text(_further(first, last, len(columns)), style="table.title")
            yield from self._block(block, options.max_width).__rich_console__(console, options)
        if self.caption:
            yield Text(_plain(self.caption).plain, style="table.caption")

    def _block(self, block: Sequence[Measured], room: int) -> Table:
        table = Table(box=self.box, padding=self.padding, show_header=self.show_header)
        table.pad_edge, table.show_edge, table.min_width = self.pad_edge, self.show_edge, self.min_width
        for measured, width in zip(block, _widths(block, room - self._frame(len(block))), strict=True):
            column = self.columns[measured.place]
            table.add_column(_plain(column.header), width=width, overflow="fold", justify=column.justify)
        cells = [list(self.columns[measured.place].cells) for measured in block]
        for row in zip(*cells, strict=True):
            table.add_row(*map(_plain, row))
        return table

    def _repeated(self, columns: Sequence[Measured], room: int) -> int:
        """How many of the first columns tell the rows apart, within the room that there is for repeating them."""
        for number in range(1, min(MOST_REPEATED, len(columns) - 1) + 1):
            rows = list(zip(*(map(str, self.columns[place].cells) for place in range(number)), strict=True))
            if len(set(rows)) == len(rows):
                wanted = sum(column.least for column in columns[:number]) + self._frame(number)
                return number if wanted <= SHARE_REPEATED * room else 1
        return 1

    def _measured(self) -> list[Measured]:
        return [_measured(place, column.header, list(column.cells)) for place, column in enumerate(self.columns)]

    def _frame(self, columns: int) -> int:
        """What borders and padding take of a block of so many columns."""
        lines = 0 if self.box is None else columns - 1 + 2 * self.show_edge
        return lines + columns * (self.padding[1] + self.padding[3])


def _measured(place: int, header: RenderableType, cells: Sequence[RenderableType]) -> Measured:
    texts, heading = [str(_plain(cell)) for cell in cells], str(_plain(header))
    word = max((cell_len(word) for text in [heading, *texts] for word in text.split()), default=1)
    longest = max(map(cell_len, texts), default=0)
    return Measured(place, word, max(word, min(longest, COMFORT)), max(longest, cell_len(heading), 1))


def _blocks(columns: Sequence[Measured], repeated: int, room: int, frame: Callable[[int], int]) -> list[list[Measured]]:
    """Cut the columns into as few blocks as fit; each begins with the repeated ones and holds one other at least."""
    first, blocks = list(columns[:repeated]), [list(columns[:repeated])]
    for column in columns[repeated:]:
        wanted = [*blocks[-1], column]
        if len(wanted) > repeated + 1 and sum(measured.least for measured in wanted) + frame(len(wanted)) > room:
            wanted = [*first, column]
            blocks.append(wanted)
        blocks[-1] = wanted
    return blocks


def _further(first: int, last: int, columns: int) -> str:
    """The title of a block that goes on."""
    which = f"column {first}" if first == last else f"columns {first} to {last}"
    return f"{which} of {columns}"


def _widths(block: Sequence[Measured], room: int) -> list[int]:
    """Widths between the least and the natural ones that share the room: the smallest wishes are fulfilled first."""
    least = [column.least for column in block]
    if sum(least) > room:  # a screen too narrow for two columns
        least = [min(column.word, max(room // len(block), 1)) for column in block]
    widths, slack = list(least), max(room - sum(least), 0)
    wishes = {place: column.natural - least[place] for place, column in enumerate(block)}
    for number, (place, wish) in enumerate(sorted(wishes.items(), key=lambda pair: pair[1])):
        gain = max(min(wish, slack // (len(wishes) - number)), 0)
        widths[place] += gain
        slack -= gain
    return widths


def _plain(cell: RenderableType | None) -> Text:
    """A cell as text: what looks like markup is none."""
    if isinstance(cell, Text):
        return cell
    return Text("\n".join(legible(line, LONGEST) for line in str("" if cell is None else cell).split("\n")))
