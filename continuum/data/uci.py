"""Fetching a task from the UCI repository through ``ucimlrepo`` (the optional extra ``fetch``).

This was tried against a local server that answers in UCI's format, not against UCI's own server.
"""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.error import URLError

from continuum.data.catalogue import Entry
from continuum.data.reading.choice import TARGET
from continuum.errors import BadInput

#: How long one wait for UCI's server may take.
TIMEOUT_SECONDS = 30.0


def fetch(entry: Entry) -> str:
    """Return the task as CSV text with the target last; raise ``BadInput`` if UCI gives no usable answer."""
    answer = _answer(entry, _client(entry))
    features = answer.data.features
    if features is None:
        raise _unusable(entry, "no column marked as a feature")
    frame = features.assign(**{TARGET: _target(entry, answer)})
    return str(frame.to_csv(index=False, lineterminator="\n"))


def _answer(entry: Entry, client: Callable[..., Any]) -> Any:
    try:
        with _socket_timeout(TIMEOUT_SECONDS):
            return client(id=entry.uci_id)
    except Exception as error:  # the client lets through whatever json, pandas and sockets raise
        reason = _reason(error)
    # Outside the handler, so that the error is let go of, and with it the connection that its frames hold open.
    raise _unusable(entry, reason)


def _client(entry: Entry) -> Callable[..., Any]:
    """Import late: the extra is optional, and nothing else needs it."""
    try:
        from ucimlrepo import fetch_ucirepo
    except ImportError:
        raise BadInput(
            entry.name,
            expected="a copy on this machine or the package ucimlrepo to fetch one",
            came="neither",
            remedy=f"pip install continuum-width[fetch], or put {entry.name}.csv into the folder $CONTINUUM_UCI",
        ) from None
    client: Callable[..., Any] = fetch_ucirepo
    return client


@contextmanager
def _socket_timeout(seconds: float) -> Iterator[None]:
    """Bound every wait for the network inside the block.

    The client opens its URLs without a timeout and offers no argument for one, so a silent server would hold the
    program for ever. The default for new sockets is the one handle it leaves; it belongs to the whole process, so
    it is put back at once. It bounds each single wait, not the whole download.
    """
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _target(entry: Entry, answer: Any) -> Any:
    """Return the column to predict: the catalogue's, or else the only one that UCI marks as a target."""
    marked = [] if answer.data.targets is None else [str(name) for name in answer.data.targets.columns]
    if entry.target in answer.data.original.columns:
        return answer.data.original[entry.target]
    if entry.target or len(marked) != 1:
        expected = f"a column {entry.target}" if entry.target else "one column marked as the target"
        raise _unusable(entry, f"targets {', '.join(marked) or 'none'}", expected)
    return answer.data.targets[marked[0]]


def _reason(error: BaseException) -> str:
    """One line on what went wrong, from the network error beneath the client's own, which hides it, if there is one."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, URLError):
        cause = cause.__context__
    cause = cause or error
    return " ".join(f"{type(cause).__name__}: {cause}".split())


def _unusable(entry: Entry, came: str, expected: str = "an answer") -> BadInput:
    return BadInput(
        f"{entry.name} (UCI id {entry.uci_id})",
        expected=f"{expected} from the UCI server",
        came=came,
        remedy=f"check the network and try again, or put {entry.name}.csv into the folder $CONTINUUM_UCI",
    )
