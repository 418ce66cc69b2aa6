"""The slice by prefix sums equals the network evaluated at each width on its own."""

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from continuum.ensemble.losses import loss_for
from continuum.ensemble.slicing import slice_curve
from continuum.widths import Interval


@pytest.mark.parametrize("kind", ["classification", "regression"])
@pytest.mark.parametrize("units", [1, 2, 7, 8])
@pytest.mark.parametrize("exponent", [1.0, 0.5])
def test_equals_separate_evaluation(kind: str, units: int, exponent: float) -> None:
    generator = torch.Generator().manual_seed(units)
    outputs = 4 if kind == "classification" else 1
    hidden, weights, bias = (
        torch.randn(*shape, generator=generator, dtype=torch.float64)
        for shape in [(1100, units), (units, outputs), (outputs,)]
    )
    target = torch.eye(4, dtype=torch.float64)[torch.randint(4, (1100,), generator=generator)][:, :outputs]
    gammas = torch.arange(0, units + 1 / 16, 1 / 8, dtype=torch.float64)
    gammas = gammas[torch.randperm(len(gammas), generator=generator)]
    losses, scores = slice_curve(hidden, weights, bias, target, gammas, kind, exponent)
    for gamma, loss, score in zip(gammas, losses, scores, strict=True):
        gates = Interval(units, gamma, exponent, learnable=False).gates()
        logits = (hidden * gates) @ weights + bias
        if kind == "classification":
            expected = torch.nn.functional.cross_entropy(logits, target)
            assert_close(score, (logits.argmax(1) == target.argmax(1)).double().mean(), rtol=0, atol=0)
        else:
            expected = (logits - target).square().mean() / 2
            assert_close(score, 2 * expected, rtol=1e-12, atol=0)
        assert_close(loss, expected, rtol=1e-12, atol=0)


def test_ties_go_to_the_first_class() -> None:
    logits = torch.zeros(1, 1, 3, 3)
    hits = loss_for("classification").measure(logits, torch.eye(3)[None, None])[1]
    np.testing.assert_array_equal(hits.flatten().numpy(), [1.0, 0.0, 0.0])
