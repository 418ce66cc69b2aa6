"""Runs of doubling length, with runs that only pretend."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from continuum.learn import LearnConfig, WidthResult
from continuum.sklearn.rows import EstimatorRows
from continuum.sklearn.standard import Scales, StandardisedRows
from continuum.sklearn.stopping import held_out_loss, stopped_early


def pretended(losses: list[float]) -> tuple[WidthResult, tuple[float, ...], list[LearnConfig]]:
    """What comes of runs with these held-out losses, of 80 steps at full length and 5 steps overhead each."""
    configs: list[LearnConfig] = []

    def run(settings: LearnConfig) -> WidthResult:
        configs.append(settings)
        none, steps = torch.zeros(0), (settings.steps or 0) + 5
        network = SimpleNamespace(loss=losses[len(configs) - 1])
        return WidthResult(network, (1.0,), (1,), none, none, steps, network, 0.0, False, (), 7.0, "tanh")

    result, held_out_losses = stopped_early(run, LearnConfig(steps=80), 100, lambda network: network.loss)
    return result, held_out_losses, configs


@pytest.mark.parametrize(
    ("losses", "runs", "kept"),
    [
        ([4.0, 3.0, 2.0, 1.0], 4, 1.0),
        ([4.0, 3.0, 3.0, 1.0], 3, 3.0),
        ([4.0, 5.0, 3.0, 1.0], 2, 4.0),
        ([4.0, 3.0, 2.0, 9.0], 4, 2.0),
        ([math.nan, 3.0, 4.0, 1.0], 3, 3.0),
        ([4.0, math.nan, 2.0, 1.0], 2, 4.0),
    ],
)
def test_doubles_while_the_loss_falls_and_keeps_the_best(losses, runs, kept):
    result, held_out_losses, configs = pretended(losses)
    np.testing.assert_array_equal(held_out_losses, np.nan_to_num(losses[:runs], nan=math.inf))
    assert result.network.loss == kept
    assert [settings.steps for settings in configs] == [10, 20, 40, 80][:runs]
    assert result.steps == sum([10, 20, 40, 80][:runs]) + 5 * runs


def test_the_first_run_alone_calibrates_the_price():
    _, _, configs = pretended([4.0, 3.0, 2.0, 1.0])
    assert [settings.price for settings in configs] == [None, 7.0, 7.0, 7.0]


MEANS = {
    "cross_entropy": nn.functional.cross_entropy,
    "squared_error": lambda z, t: 4 * nn.functional.mse_loss(z, t) / 2,
    "binary_cross_entropy": lambda z, t: 4 * nn.functional.binary_cross_entropy_with_logits(z, t),
}


@pytest.mark.parametrize("loss", MEANS)
def test_held_out_loss_counts_rows_by_their_weight(loss):
    x, network = torch.randn(6, 3), nn.Sequential(nn.Linear(3, 4)).requires_grad_(False)
    y = torch.tensor([0, 1, 2, 3, 0, 1]) if loss == "cross_entropy" else torch.rand(6, 4).round()
    count = torch.tensor([0, 1, 2, 3, 1, 0])
    repeated = StandardisedRows(x.repeat_interleave(count, 0), y.repeat_interleave(count, 0), None)
    weighted = held_out_loss(network, StandardisedRows(x, y, count.double()), loss)
    assert weighted == pytest.approx(held_out_loss(network, repeated, loss), rel=1e-5)
    assert weighted == pytest.approx(float(MEANS[loss](network(repeated.x), repeated.y)), rel=1e-5)
    assert weighted != pytest.approx(held_out_loss(network, StandardisedRows(x, y, None), loss), rel=1e-2)


def test_scales_count_rows_by_their_weight():
    rows = EstimatorRows(np.array([[0.0], [4.0]]), np.array([[10.0], [20.0]]), np.array([3.0, 1.0]))
    scales = Scales.of(rows, classes=False)
    assert (scales.inputs.mean[0], scales.targets.mean[0]) == (1.0, 12.5)
    scaled = scales(rows)
    assert (len(scaled), scaled.total) == (2, 4.0)
    assert_close(scaled.x[:, 0] * 3**0.5, torch.tensor([-1.0, 3.0]), rtol=1e-6, atol=0)
    assert_close(scaled.y, scaled.x, rtol=1e-6, atol=0)
    assert Scales.of(rows, classes=True).targets is None


def test_labels_of_which_each_is_0_or_1_stay_as_they_are():
    rows = EstimatorRows(np.array([[0.0], [4.0]]), np.array([[1.0, 0.0], [1.0, 1.0]]))
    scaled = Scales.of_loss(rows, "binary_cross_entropy")(rows)
    assert scaled.y.tolist() == rows.y.tolist()
    assert scaled.x[:, 0].tolist() == [-1.0, 1.0]
    assert Scales.of_loss(rows, "cross_entropy")(rows).y.tolist() == [1, 1]
    assert Scales.of_loss(rows, "squared_error")(rows).y.tolist() == [[0.0, -1.0], [0.0, 1.0]]
