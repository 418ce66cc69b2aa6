"""How a fitted estimator is written and read: pickles that outlive versions, and files without pickle."""

from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from continuum.sklearn import formats


class Stored:
    """What an estimator gains that can be written and read."""

    def save(self, path: str | Path) -> None:
        """Write the fitted estimator to one file without pickle: safetensors, with all that is no tensor as JSON.

        What has no JSON is left out of the parameters: callbacks, and a ``random_state`` that is a generator.
        """
        from continuum.sklearn.saving import write_state

        check_is_fitted(self)
        state: dict[str, Any] = vars(self) | {"callbacks": None}
        if not isinstance(state["random_state"], int | np.integer):
            state["random_state"] = None
        write_state(path, type(self).__name__, state)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The estimator that ``save`` has written; no code of the file is run. Raises ``BadInput``."""
        from continuum.sklearn.saving import read_state

        estimator = cls()
        estimator.__setstate__(read_state(path, cls.__name__))
        return estimator

    def __getstate__(self) -> dict[str, Any]:
        return formats.stored(super().__getstate__())  # type: ignore[arg-type]  # a dictionary, of scikit-learn's

    def __setstate__(self, state: dict[str, Any]) -> None:
        parent: Any = super()
        parent.__setstate__(vars(type(self)()) | formats.migrated(state))
