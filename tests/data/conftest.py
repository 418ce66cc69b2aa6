"""Every test here has its own empty cache and no CSV folder, whatever the machine holds."""

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CONTINUUM_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CONTINUUM_UCI", raising=False)
    return tmp_path / "cache" / "uci"


@pytest.fixture
def unhooked(request: pytest.FixtureRequest) -> None:
    """Skip where calls are checked against their annotations, which refuses bad types first and takes its time."""
    if request.config.getoption("jaxtyping_packages", None):
        pytest.skip("the run-time type check is on")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write text or bytes as a CSV file and return its path."""

    def save(content: str | bytes, name: str = "my.csv") -> Path:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return save
