"""The slice by prefix sums equals the network evaluated at each width on its own."""

import pytest
import torch
from torch.testing import assert_close

from continuum.compiled import compiled
from continuum.ensemble.slicing import gated_curve, slice_curve
from continuum.widths import Interval
from tests.ensemble.samples import needs_compiler


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


@needs_compiler
@pytest.mark.parametrize("kind", ["classification", "regression"])
@pytest.mark.parametrize(("rows", "units"), [(1, 1), (130, 1), (300, 7)])
@pytest.mark.parametrize(("dtype", "rtol"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_compiled_kernels_say_the_same(
    kind: str, rows: int, units: int, dtype: torch.dtype, rtol: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fewer rows than a vector, tiles with a rest, blocks of rows with a rest; among logits, ties."""
    monkeypatch.setattr("continuum.ensemble.slicing.COMPILED_ROWS", 200)
    outputs = 4 if kind == "classification" else 2
    hidden, weights, bias = (torch.randn(*s, dtype=dtype) for s in [(rows, units), (units, outputs), (outputs,)])
    weights[:, 1], bias[1] = weights[:, 0], bias[0]  # the first class of equal ones wins
    target = (
        torch.eye(4, dtype=dtype)[torch.randint(4, (rows,))] if kind == "classification" else hidden[:, :1] - bias[:2]
    )
    layer = hidden, weights, bias, target, torch.rand(25, dtype=torch.float64).mul_(units).round(decimals=1), kind
    for exponent in (1.0, 0.5):
        with compiled():
            ours = slice_curve(*layer, exponent)
        assert_close(ours, slice_curve(*layer, exponent), rtol=rtol, atol=rtol)


@pytest.mark.parametrize("kind", ["classification", "regression"])
def test_gates_of_any_law_are_taken_as_they_are(kind: str) -> None:
    generator = torch.Generator().manual_seed(2)
    outputs = 4 if kind == "classification" else 1
    hidden, weights, bias = (
        torch.randn(*shape, generator=generator, dtype=torch.float64) for shape in [(30, 5), (5, outputs), (outputs,)]
    )
    target = torch.eye(4, dtype=torch.float64)[torch.randint(4, (30,), generator=generator)][:, :outputs]
    gates = torch.rand(3, 5, generator=generator, dtype=torch.float64)
    losses, scores = gated_curve(hidden, weights, bias, target, gates, kind)
    assert losses.shape == scores.shape == (3,)
    for gate, loss, score in zip(gates, losses, scores, strict=True):
        logits = (hidden * gate) @ weights + bias
        if kind == "classification":
            assert_close(loss, torch.nn.functional.cross_entropy(logits, target), rtol=1e-12, atol=0)
            assert_close(score, (logits.argmax(1) == target.argmax(1)).double().mean(), rtol=1e-12, atol=0)
        else:
            assert_close(score, (logits - target).square().mean(), rtol=1e-12, atol=0)
            assert_close(loss, score / 2, rtol=1e-12, atol=0)


def test_many_units_and_rows_take_several_blocks() -> None:
    """2000 rows are three blocks of columns, 9 units five of units; widths that share one, and blocks without any."""
    generator = torch.Generator().manual_seed(3)
    hidden, weights = (torch.randn(*shape, generator=generator, dtype=torch.float64) for shape in [(2000, 9), (9, 2)])
    bias, target = torch.tensor([0.5, -1.0], dtype=torch.float64), torch.zeros(2000, 2, dtype=torch.float64)
    gammas = torch.tensor([9.0, 0.0, 4.5, 4.25, 2.0, 1.999], dtype=torch.float64)
    _, scores = slice_curve(hidden, weights, bias, target, gammas, "regression")
    for gamma, score in zip(gammas, scores, strict=True):
        logits = (hidden * Interval(9, gamma, learnable=False).gates()) @ weights + bias
        assert_close(score, logits.square().sum(1).mean(), rtol=1e-12, atol=0)
