"""What is packed in a file: gz, bz2, xz, and zip with one member; a bomb is refused before it goes off."""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from typing import IO, Any

from continuum.data.reading.files import too_large
from continuum.data.reading.limits import FREE_BYTES, MOST_BYTES, MOST_RATIO, listed, shown
from continuum.errors import BadInput

#: What is unpacked at once.
CHUNK_BYTES = 1 << 20
#: How packed files begin, what they are called, and how they are opened.
PACKED: dict[bytes, tuple[str, Callable[[Any], Any]]] = {
    b"\x1f\x8b": ("gzip", lambda file: gzip.GzipFile(fileobj=file)),
    b"BZh": ("bzip2", bz2.BZ2File),
    b"\xfd7zXZ\0": ("xz", lzma.LZMAFile),
}
#: How a zip file begins.
ZIP = b"PK\x03\x04"
#: What damaged files raise.
DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
)


def unpacked(raw: bytes, where: str) -> tuple[bytes, str]:
    """The bytes in a packed file, with a note; others as they are, with none. What is packed twice stays packed.

    Raises:
        BadInput: the file is damaged or encrypted, holds several files, or what is in it is too large.

    >>> unpacked(gzip.compress(b"a,target"), "my.csv.gz")
    (b'a,target', 'unpacked by gzip')
    """
    for magic, (name, opened) in PACKED.items():
        if raw.startswith(magic):
            return _read(partial(opened, io.BytesIO(raw)), len(raw), where, name), f"unpacked by {name}"
    if raw.startswith(ZIP):
        return _member(raw, where)
    return raw, ""


def check_archive(archive: zipfile.ZipFile, size: int, where: str) -> None:
    """Refuse an archive whose members say that they are far larger than it."""
    _check_ratio(sum(member.file_size for member in archive.infolist()), size, where)


def _member(raw: bytes, where: str) -> tuple[bytes, str]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir() and not _hidden(member.filename)]
            if len(members) != 1:
                came = listed([member.filename for member in members]) or "none"
                raise BadInput(where, expected="one file in the archive", came=came, remedy="unpack it and name one")
            check_archive(archive, len(raw), where)
            content = _read(lambda: archive.open(members[0]), len(raw), where, "zip")
            return content, f"unpacked {shown(members[0].filename)} by zip"
    except DAMAGE as error:
        raise _damaged(error, where, "zip") from None


def _hidden(name: str) -> bool:
    """Whether a member was put there by the system that packed the archive."""
    return name.startswith("__MACOSX/") or name.rpartition("/")[2].startswith(".")


def _read(opened: Callable[[], IO[bytes]], packed: int, where: str, name: str) -> bytes:
    content = bytearray()
    try:
        with opened() as file:
            while chunk := file.read(CHUNK_BYTES):
                content += chunk
                _check_ratio(len(content), packed, where)
    except DAMAGE as error:
        raise _damaged(error, where, name) from None
    return bytes(content)


def _damaged(error: Exception, where: str, name: str) -> BadInput:
    if isinstance(error, BadInput):
        return error
    came = "one with a password" if "password" in str(error) else f"{type(error).__name__}"
    return BadInput(where, expected=f"a whole file packed by {name}", came=came, remedy="unpack it, or fetch it again")


def _check_ratio(size: int, packed: int, where: str) -> None:
    if size > MOST_BYTES:
        raise too_large(where, "more in the archive")
    if size > FREE_BYTES and size > MOST_RATIO * packed:
        came = f"{size // packed} times as much or more"
        expected = f"at most {MOST_RATIO} times its own size in the archive"
        raise BadInput(where, expected=expected, came=came, remedy="unpack it, if it is what you expect")
