"""Hypothesis strategies for widths, masks, data and networks; they shrink to small, round examples.

The entries of the ledger and the tests of the library draw from these alike: ``strategies.gammas(4)``.
"""

from proofs_checks.strategies.arrays import tensors, ties, vectors
from proofs_checks.strategies.layers import Layer, layers, networks, readouts
from proofs_checks.strategies.lines import crossings
from proofs_checks.strategies.masks import coarse_grades, grades, logits, shares
from proofs_checks.strategies.problems import curved, quadratics, regressions, shared_weights
from proofs_checks.strategies.scalars import fractions, magnitudes, numbers, seeds, signed, slopes
from proofs_checks.strategies.widths import gammas, gridded, interior

__all__ = [
    "Layer",
    "coarse_grades",
    "crossings",
    "curved",
    "fractions",
    "gammas",
    "grades",
    "gridded",
    "interior",
    "layers",
    "logits",
    "magnitudes",
    "networks",
    "numbers",
    "quadratics",
    "readouts",
    "regressions",
    "seeds",
    "shared_weights",
    "shares",
    "signed",
    "slopes",
    "tensors",
    "ties",
    "vectors",
]
