"""The compiled perceptron, where it has been built."""

import pytest

from continuum.nn import native


@pytest.fixture(autouse=True)
def compiled():
    if native.extension() is None:
        pytest.skip("the compiled perceptron is not built: python -m continuum.nn.native")
