"""The estimators of the library: the defaults, and what each of their parts is worth, by parameters alone."""

from typing import Any

#: What tables call the estimator with its defaults.
OURS = "ours"
#: Parameters of each variant, beside ``random_state``; a version that lacks one says so in the outcome of the row.
VARIANTS: dict[str, dict[str, Any]] = {
    OURS: {},
    "ours_raw": {"encoding": "raw"},
    "ours_piecewise": {"encoding": "piecewise"},
    "ours_rounded_to_width": {"rounding": "width"},
    "ours_graded": {"rounding": "none"},
    "ours_no_skip": {"skip": False},
    "ours_two_layers": {"hidden_layers": 2},
    "ours_price_1": {"price": 1.0},
    "ours_price_4": {"price": 4.0},
}
#: What tables call the estimator whose net is left graded.
GRADED = "ours_graded"
#: The learner of the first edition, on standardised rows.
FIRST = "first_edition"
