"""Verdicts that mean something: a quick run gives none, for it is too short, and of too little, to judge anything."""

from typing import TYPE_CHECKING

from continuum.exp.experiment import RunOptions

if TYPE_CHECKING:
    import pandas as pd

#: Columns that judge a prediction, a target, or whether two things are equal.
JUDGING = frozenset({"verdict", "outcome", "equal", "score_equal"})
#: What a quick run says instead.
NONE = "no verdicts: a quick run is too short and of too little to judge anything, it shows the form alone"


def judged(config: RunOptions) -> bool:
    """Whether verdicts are given: not where the preset is ``quick``, or a quick one of several.

    >>> judged(RunOptions(preset="paper")), judged(RunOptions(preset="quick")), judged(RunOptions(preset="pool_quick"))
    (True, False, False)
    """
    return getattr(config, "preset", "").rpartition("_")[2] != "quick"


def given(frame: "pd.DataFrame", config: RunOptions) -> "pd.DataFrame":
    """Return the frame; of a quick run without the columns that judge."""
    return frame if judged(config) else frame.drop(columns=[name for name in frame if name in JUDGING])


def counted(title: str, words: str, config: RunOptions) -> str:
    """Return a title with the number of verdicts of each kind; of a quick run, with the reason why there are none.

    >>> counted("32 predictions", "26 shown, 6 refuted", RunOptions())
    '32 predictions: 26 shown, 6 refuted'
    """
    if judged(config):
        return f"{title}: {words}" if words else title
    return f"{title} ({NONE})"
