"""Where no compiler is, the kernels cannot be tested."""

import pytest

from continuum.compiled import NotBuilt
from continuum.compiled.library import loaded


@pytest.fixture(autouse=True)
def built() -> None:
    """Skip the test where the kernels cannot be built."""
    try:
        loaded()
    except NotBuilt as error:
        pytest.skip(str(error))
