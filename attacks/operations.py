"""A hook on every operation that changes files, which kills the process before, in the middle of, or after one."""

import builtins
import io
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

#: Operations on names, each of which the operating system does wholly or not at all.
ATOMIC = ("replace", "rename", "unlink", "remove", "mkdir", "rmdir", "link", "symlink")
#: When to kill, relative to an operation; only a write has a middle.
MOMENTS = ("before", "middle", "after")
#: Flags of ``os.open`` that may change something.
CHANGING = os.O_CREAT | os.O_WRONLY | os.O_RDWR | os.O_TRUNC


class Hook:
    """Counts the operations below ``root``, in their order; with a ``target`` and a moment, kills this process there.

    ``target`` is the number of an operation; without it, everything is only written down in ``seen``.
    """

    def __init__(self, root: Path, target: int | None = None, moment: str = "before") -> None:
        self.root, self.target, self.moment = str(root), target, moment
        self.seen: list[str] = []

    def __call__(self, kind: str, name: object, whole: Callable[[], Any], half: Callable[[], Any] | None = None) -> Any:
        """Do ``whole``, or what is to be seen of it at the moment of the kill."""
        here = len(self.seen)
        self.seen.append(f"{kind} {name}")
        if here == self.target and self.moment == "before":
            _kill()
        if here == self.target and self.moment == "middle":
            (half or whole)()
            _kill()
        answer = whole()
        if here == self.target:
            _kill()
        return answer

    def concerns(self, name: object) -> bool:
        """Whether a path is of interest; names without a folder come from the removal of a tree."""
        path = os.fspath(name) if isinstance(name, str | os.PathLike) else ""
        return str(path).startswith(self.root) or not os.path.isabs(path)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """See every operation of this process until the end of the block."""
        hooked: dict[str, Any] = {name: self._atomic(name) for name in ATOMIC} | self._low_level()
        with mock.patch.multiple(os, **hooked):
            opening = self._opening(io.open)
            with mock.patch.object(io, "open", opening), mock.patch.object(builtins, "open", opening):
                yield

    def _atomic(self, name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(path: Any, *rest: Any, **options: Any) -> Any:
            if not self.concerns(path):
                return real(path, *rest, **options)
            return self(name, path, lambda: real(path, *rest, **options))

        return call

    def _low_level(self) -> dict[str, Callable[..., Any]]:
        really_open, really_sync, really_write = os.open, os.fsync, os.write

        def open_(path: Any, flags: int, *rest: Any, **options: Any) -> int:
            if not (flags & CHANGING and self.concerns(path)):
                return really_open(path, flags, *rest, **options)
            return int(self("os.open", path, lambda: really_open(path, flags, *rest, **options)))

        def fsync(handle: Any) -> None:
            self("fsync", handle, lambda: really_sync(handle))

        def write(handle: int, content: bytes) -> int:
            half = content[: len(content) // 2]
            return int(
                self("os.write", handle, lambda: really_write(handle, content), lambda: really_write(handle, half))
            )

        return {"open": open_, "fsync": fsync, "write": write}

    def _opening(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def open_(path: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
            if isinstance(path, int) or not set(mode) & set("wax+") or not self.concerns(path):
                return real(path, mode, *rest, **options)
            return _Watched(self("open", path, lambda: real(path, mode, *rest, **options)), self, path)

        return open_


class _Watched:
    """A file that is open for writing."""

    def __init__(self, file: Any, hook: Hook, path: object) -> None:
        self._file, self._hook, self._path = file, hook, path

    def write(self, content: Any) -> Any:
        def half() -> None:
            self._file.write(content[: len(content) // 2])
            self._file.flush()

        def whole() -> Any:
            written = self._file.write(content)
            self._file.flush()
            return written

        return self._hook("write", self._path, whole, half)

    def __enter__(self) -> "_Watched":
        self._file.__enter__()
        return self

    def __exit__(self, *error: Any) -> Any:
        return self._file.__exit__(*error)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
