"""For every test: checked tensor shapes, fixed seeds, and Hypothesis examples that repeat from run to run.

With CONTINUUM_RANDOM_SEEDS=1 in the environment the seeds and the examples are drawn afresh; a failing test reports
its seed.
"""

import inspect
import os
import random
import secrets
import sys
from collections.abc import Iterator
from typing import Any

import jaxtyping
import numpy as np
import pytest
import torch
from hypothesis import settings

from tests import durations

pytest.register_assert_rewrite("tests.contracts", "tests.estimators.contract", "tests.hypergrad.contract")

RELEASED = os.environ.get("CONTINUUM_RANDOM_SEEDS") == "1"

#: The rooms whose annotations are checked in every call.
CHECKED = ("widths", "nn", "estimators", "hypergrad", "problems", "encoding")

#: As a static checker would, take an int for a float.
CHECKER = "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))"

settings.register_profile("fixed", derandomize=True, deadline=None, max_examples=50)
settings.register_profile("released", derandomize=False, deadline=None, max_examples=200, print_blob=True)
settings.register_profile("fast", derandomize=True, deadline=None, max_examples=10)
settings.load_profile("released" if RELEASED else "fixed")


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--fast`` and ``--record-slow``, see ``tests.durations``."""
    parser.addoption("--fast", action="store_true", help="leave out what tests/slow.txt names")
    parser.addoption("--record-slow", action="store_true", help="write tests/slow.txt from this run")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--fast"):
        durations.leave_out_slow(config, items)


def pytest_configure(config: pytest.Config) -> None:
    """Check the annotations of these packages, tensor shapes included, in every call, before anything imports them."""
    if config.getoption("--fast"):
        settings.load_profile("fast")
    if config.getoption("--record-slow"):
        config.pluginmanager.register(durations.Recorder())
    torch.set_num_threads(1)  # tensors here are tiny, and threads that share busy cores mostly wait for each other
    if not config.getoption("jaxtyping_packages", None):  # an option of jaxtyping, for checking other packages
        jaxtyping.install_import_hook([f"continuum.{room}" for room in CHECKED], CHECKER)


@pytest.fixture(autouse=True)
def seed(request: pytest.FixtureRequest) -> int:
    """The seed that Python, NumPy and PyTorch start the test with."""
    value = secrets.randbits(32) if RELEASED else 0
    if RELEASED:
        request.node.add_report_section("setup", "seed", str(value))
    random.seed(value)
    np.random.seed(value)
    torch.manual_seed(value)
    return value


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No check of annotations: for torch.compile, and for input whose refusal is the library's own business."""
    # torch.compile cannot trace every wrapper even while it checks nothing, so that the wrappers go, too.
    for module in [module for name, module in sys.modules.items() if name.startswith("continuum.")]:
        classes = [value for value in vars(module).values() if inspect.isclass(value)]
        for owner in [module, *(c for c in classes if c.__module__ == module.__name__)]:
            for name, value in list(vars(owner).items()):
                if (bare := without_check(value)) is not value:
                    monkeypatch.setattr(owner, name, bare)
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", before)


def without_check(value: Any) -> Any:
    """The function or method as it was written."""
    if isinstance(value, staticmethod | classmethod):
        bare = without_check(value.__func__)
        return value if bare is value.__func__ else type(value)(bare)
    if isinstance(value, property):
        bare = without_check(value.fget)
        return value if bare is value.fget else value.getter(bare)
    if inspect.isfunction(value) and value.__globals__.get("__name__", "").startswith("jaxtyping."):
        return getattr(value, "__wrapped__", value)
    return value
