"""Texts in a DataFrame that are numbers or dates in all but type."""

import warnings

import numpy as np
import pandas as pd
import pytest

from continuum.sklearn.table.reading import read

WARNED = {
    "decimal commas": [f"{i},5" for i in range(40)],
    "currencies": [f"${i}.50" for i in range(40)],
    "dates": [f"2020-{i % 12 + 1:02d}-{i % 28 + 1:02d}" for i in range(80)],
}
SILENT = {
    "few": ["1,5", "2,5"] * 20,
    "words": [f"name {i}" for i in range(40)],
    "some words": [*(f"{i},5" for i in range(40)), "red"],
}


@pytest.mark.parametrize("cells", WARNED.values(), ids=WARNED.keys())
def test_what_looks_like_numbers_is_warned_of(cells) -> None:
    with pytest.warns(UserWarning, match=r"column 'a': .* and all others look like (numbers|dates), but are texts"):
        reading = read(pd.DataFrame({"a": cells}))
    assert list(reading.texts) == [0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(pd.DataFrame({"a": pd.Categorical(cells)}))


@pytest.mark.parametrize("cells", SILENT.values(), ids=SILENT.keys())
def test_what_does_not_is_not(cells) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reading = read(pd.DataFrame({"a": cells, "b": np.arange(len(cells))}))
    assert list(reading.texts) == [0]
