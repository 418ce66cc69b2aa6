"""From the bytes of a text file to UTF-8, whatever they were written in."""

import codecs
import re
from dataclasses import dataclass

from continuum.data.reading.limits import shown
from continuum.errors import BadInput

#: Marks that files begin with, the longer ones first.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: Bytes of which it is told whether every other one is a zero.
SEEN_BYTES = 4096
#: Share of them that are zeros in UTF-16 of any Western language.
ZERO_SHARE = 0.7
#: Characters that no table needs, and that a terminal would obey; a NUL is damage.
CONTROLS = bytes([*range(1, 9), *range(14, 32), 127])
#: What is left out of a table that is damaged at one character.
NUL = b"\0"


@dataclass(frozen=True)
class Text:
    """A file's text in UTF-8, without byte order mark and control characters, and what was found out on the way.

    ``quote`` encloses cells, and ``escape`` stands before a quote in one where that is not doubled.
    """

    raw: bytes
    where: str
    notes: tuple[str, ...] = ()
    quote: str = '"'
    escape: str | None = None


def text_of(raw: bytes, where: str) -> Text:
    """The text in the bytes of a file: UTF-8, UTF-16 with or without its mark, or else Windows' code page 1252.

    Raises:
        BadInput: this is no text, or text in UTF-8 with a damaged place in it.

    >>> text_of("é,target".encode("cp1252"), "my.csv").notes
    ('read as cp1252, for it is not UTF-8',)
    >>> text_of("a,target".encode("utf-16"), "my.csv").raw
    b'a,target'
    """
    encoding, raw, notes = _encoding(raw, where)
    if encoding != "utf-8":
        try:
            raw = raw.decode(encoding).encode()
        except UnicodeError:
            expected, remedy = f"text in {encoding.upper()}, as its first bytes say", "save the file as UTF-8"
            raise BadInput(where, expected=expected, came="other bytes", remedy=remedy) from None
    _check_nul(raw, where)
    plain = raw.translate(None, CONTROLS)
    if left_out := len(raw) - len(plain):
        notes = (*notes, f"{left_out} control character{'s' * (left_out > 1)} left out")
    return Text(plain, where, notes)


def _encoding(raw: bytes, where: str) -> tuple[str, bytes, tuple[str, ...]]:
    """The encoding, the bytes without their mark, and what to say."""
    for mark, encoding in MARKS:
        if raw.startswith(mark):
            notes = () if encoding == "utf-8" else (f"read as {encoding[:6].upper()}",)
            raw = raw[len(mark) :]
            if encoding != "utf-8":
                return encoding, raw, notes
            break
    else:
        if encoding := _wide(raw):
            return encoding, raw, ("read as UTF-16, which it does not say it is",)
    _check_nul(raw, where)
    error = _fault(raw)
    if error is None:
        return "utf-8", raw, ()
    _check_damage(raw, error, where)
    try:
        raw.decode("cp1252")
        encoding = "cp1252"
    except UnicodeDecodeError:
        encoding = "latin-1"
    return encoding, raw, (f"read as {encoding}, for it is not UTF-8",)


def _check_nul(raw: bytes, where: str) -> None:
    if NUL in raw:
        row = raw[: raw.index(NUL)].count(b"\n") + 1
        remedy = "check how the file was written; CSV, xlsx, Parquet, Feather and ARFF are read"
        raise BadInput(f"{where}, row {row}", expected="text", came="binary data (a NUL)", remedy=remedy)


def _wide(raw: bytes) -> str:
    """UTF-16 without a mark shows by its zeros."""
    head = raw[: min(SEEN_BYTES, len(raw) // 2 * 2)]
    if len(head) < 4:
        return ""
    even, odd = head[::2].count(0) / (len(head) / 2), head[1::2].count(0) / (len(head) / 2)
    return "utf-16-le" if odd > ZERO_SHARE and even == 0 else "utf-16-be" if even > ZERO_SHARE and odd == 0 else ""


def _fault(raw: bytes) -> int | None:
    """Where UTF-8 ends to be that, None if nowhere."""
    if raw.isascii():
        return None
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return None


def _check_damage(raw: bytes, start: int, where: str) -> None:
    """Refuse bytes that are UTF-8 in most places: read otherwise, every accent would become two characters."""
    decoded = raw.decode("utf-8", errors="replace")
    damaged = decoded.count("\ufffd")
    other = sum(len(run) for run in re.findall("[^\x00-\x7f\ufffd]+", decoded))
    if other > damaged:
        raise BadInput(
            f"{where}, row {raw[:start].count(10) + 1}",
            expected="text in UTF-8, as in the other rows",
            came=f"byte 0x{raw[start]:02x} in {shown(raw[max(start - 10, 0) : start + 10].decode('latin-1'))!r}",
            remedy="correct it, or save the file as UTF-8",
        )
