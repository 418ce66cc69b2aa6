"""How far a computation is, told to whoever wants to know."""

from collections.abc import Callable

#: Called as progress(steps done, steps in all, width) now and then.
Progress = Callable[[int, int, float], object]
