"""A whole run: what it promises, on tasks small enough to train in a blink."""

import math
import pickle

import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from continuum.errors import BadInput, Diverged
from continuum.learn import LearnConfig, Likelihood, WidthResult, learn_width, width_path
from tests.learn.tasks import ring

FAST = LearnConfig(price=4.0, steps=300)


def never(*_) -> None:
    pytest.fail("trained on bad input")


def same(one: WidthResult, other: WidthResult) -> bool:
    pairs = zip(one.network.state_dict().values(), other.network.state_dict().values(), strict=True)
    return one.widths == other.widths and all(torch.equal(a, b) for a, b in pairs)


class TestResult:
    def test_a_plain_network_of_ceil_width_units(self):
        x, y = ring()
        result = learn_width(x, y, "cross_entropy", FAST)
        assert [type(layer) for layer in result.network] == [nn.Linear, nn.Tanh, nn.Linear]
        assert not result.network.training
        assert result.units == (math.ceil(result.widths[0]),) == (result.network[0].out_features,)
        assert result.steps == 450
        assert result.width_curve.shape == (len(result.loss_curve), 1)
        assert result.width_curve[-1, 0].item() == pytest.approx(result.widths[0])
        assert (result.network(x).argmax(1) == y).float().mean() > 0.95

    def test_the_dtype_of_the_inputs_is_kept(self):
        result = learn_width(*ring(dtype=torch.float64), "cross_entropy", FAST)
        assert result.network[0].weight.dtype == torch.float64

    @pytest.mark.parametrize("activation", ["tanh", "relu"])
    def test_two_hidden_layers_have_a_width_each(self, activation):
        x, y = ring()
        result = learn_width(
            x, y, "cross_entropy", LearnConfig(price=4.0, steps=600, hidden_layers=2, activation=activation)
        )
        assert len(result.widths) == len(result.units) == 2
        assert [m.out_features for m in result.network if isinstance(m, nn.Linear)] == [*result.units, 2]
        assert (result.network(x).argmax(1) == y).float().mean() > 0.9

    def test_equal_seeds_give_equal_bits(self):
        x, y = ring()
        one, again, other = (learn_width(x, y, "cross_entropy", LearnConfig(steps=20, seed=seed)) for seed in (0, 0, 1))
        assert same(one, again)
        assert not same(one, other)

    @pytest.mark.parametrize("power", [4 / 3, 3.0])
    def test_powers_train_the_same_weights_until_a_unit_is_whole_and_count_them_otherwise(self, power):
        x, y = ring(dtype=torch.float64)

        def gap(price, decay):
            """Largest difference of weights before rounding, and the ratio of widths."""
            two, other = (
                learn_width(x, y, "cross_entropy", LearnConfig(price=price, decay=decay, steps=60, power=q))
                for q in (2.0, power)
            )
            pairs = zip(two.graded.parameters(), other.graded.parameters(), strict=True)
            gaps = [math.inf if a.shape != b.shape else (a - b).abs().max().item() for a, b in pairs]
            return max(gaps), other.widths[0] / two.widths[0]

        assert gap(40.0, 0.0004) == (pytest.approx(0, abs=1e-9), pytest.approx(2 * (power - 1) / power, rel=1e-9))
        assert gap(0.4, 0.04)[0] > 1e-3  # the same threshold, but some are whole

    def test_any_start_leads_to_the_same_width(self):
        x, y = ring()
        widths = [
            learn_width(x, y, "cross_entropy", LearnConfig(price=4.0, steps=1500, start=s)).widths[0]
            for s in (1, 8, 64)
        ]
        assert max(widths) - min(widths) < 0.1 * min(widths)

    def test_any_start_leads_to_the_same_width_of_a_regression(self):
        """Measured 3 % apart from one pool; born with 9, 12 and 96 units they go to 21, 24 and 71."""
        x = torch.randn(300, 4, generator=torch.Generator().manual_seed(0))
        y = (x[:, 0] * x[:, 1] + x[:, 2].abs()).sub(0.8) / 1.2
        options = {"price": 4.0, "steps": 2000, "activation": "relu"}

        def apart(**more) -> float:
            configs = [LearnConfig(start=start, **options, **more) for start in (1, 8, 64)]
            widths = [learn_width(x, y, "squared_error", config).widths[0] for config in configs]
            return (max(widths) - min(widths)) / min(widths)

        assert apart() < 0.06
        with pytest.raises(AssertionError):
            assert apart(pool=9) < 0.06

    def test_a_higher_price_buys_less_width(self):
        x, y = ring()
        widths = [
            learn_width(x, y, "cross_entropy", LearnConfig(price=p, steps=500)).widths[0] for p in (1.0, 8.0, 64.0)
        ]
        assert widths[0] > 1.5 * widths[1] > 2 * widths[2]

    def test_saturation_is_reported(self):
        x, y = ring()
        result = learn_width(x, y, "cross_entropy", LearnConfig(price=0.1, steps=300, max_units=2, start=2))
        assert result.saturated
        assert any("max_units" in note for note in result.notes)
        assert not learn_width(x, y, "cross_entropy", FAST).saturated


class TestLosses:
    def test_a_loss_of_your_own_equals_the_built_in_one(self):
        x, y = ring(dtype=torch.float64)
        likelihood = Likelihood(nn.functional.cross_entropy, outputs=2)
        result, expected = (learn_width(x, y, loss, FAST) for loss in (likelihood, "cross_entropy"))
        assert_close(result.widths[0], expected.widths[0], rtol=1e-6, atol=0)
        assert_close(result.network(x), expected.network(x), rtol=1e-5, atol=1e-5)

    def test_the_scale_of_a_loss_cancels(self):
        """Up to Adam's epsilon, 1e-8 beside gradients of 1e-2."""
        x, y = ring(dtype=torch.float64)
        losses = [Likelihood(lambda z, t, c=c: c * nn.functional.cross_entropy(z, t), 2, scale=c) for c in (1.0, 16.0)]
        one, other = (learn_width(x, y, loss, LearnConfig(price=4.0, steps=100)).widths[0] for loss in losses)
        assert_close(one, other, rtol=1e-3, atol=0)
        undeclared = Likelihood(lambda z, t: 16 * nn.functional.cross_entropy(z, t), 2)
        with pytest.raises(AssertionError):
            assert_close(
                one, learn_width(x, y, undeclared, LearnConfig(price=4.0, steps=100)).widths[0], rtol=1e-1, atol=0
            )

    def test_regression_with_two_outputs(self):
        x = torch.randn(200, 3, generator=torch.Generator().manual_seed(0))
        y = torch.stack([x[:, 0].abs(), x[:, 1]], 1)
        y = (y - y.mean(0)) / y.std(0)
        result = learn_width(x, y, "squared_error", LearnConfig(price=4.0, steps=1000))
        assert (result.network(x) - y).square().mean() < 0.1


def squares() -> tuple[torch.Tensor, torch.Tensor]:
    """A regression: the slopes of cross-entropy are bounded, so that saturated units stay finite at any rate."""
    x = ring(50)[0]
    return x, x[:, 0].square() - 1


class TestDivergence:
    """Of every method: see test_methods."""

    def test_a_price_beyond_all_scales(self):
        with pytest.raises(BadInput, match=r"price: expected a finite number in \[1e-30, 1e\+30\], got 1e\+300"):
            LearnConfig(price=1e300, steps=20)

    def test_while_rounding(self, monkeypatch):
        monkeypatch.setattr("continuum.learn.rounding.LR_FACTOR", 1e60)
        with pytest.raises(Diverged, match="not all weights are finite"):
            learn_width(*squares(), "squared_error", LearnConfig(price=4.0, steps=40))

    def test_on_a_path(self):
        with pytest.raises(Diverged, match="the widths are nan"):
            width_path(*squares(), "squared_error", LearnConfig(lr=1e30, steps=90))

    def test_the_error_crosses_process_borders(self):
        error = pickle.loads(pickle.dumps(Diverged("the widths are nan")))
        assert str(error) == str(Diverged("the widths are nan"))


class TestBadInput:
    @pytest.mark.parametrize(
        ("options", "match"),
        [
            ({"price": 0.0}, "price"),
            ({"price": -1.0}, "price"),
            ({"max_units": 0}, "max_units"),
            ({"activation": "tahn"}, "did you mean tanh"),
            ({"method": "grade"}, "did you mean graded"),
            ({"start": 0.5}, "start"),
            ({"start": 600}, "start"),
            ({"decay": 0.0}, "decay"),
            ({"steps": 0}, "steps"),
            ({"lr": math.nan}, "lr"),
            ({"lr": "a"}, "lr: expected a finite number > 0, got 'a'; 0.01 is a common choice"),
            ({"lr": None}, "lr: expected a finite number > 0, got None"),
            ({"price": "1"}, "price: expected a finite number > 0, got '1'"),
            ({"price": np.ones(1)}, r"price: expected a finite number > 0, got array\(\[1\.\]\)"),
            ({"price": np.float64(0)}, r"price: expected a finite number > 0, got 0\.0"),
            ({"decay": 1j}, "decay: expected a finite number > 0, got 1j"),
            ({"decay": 10**400}, "decay: expected a finite number > 0, got 1000"),
            ({"start": "a"}, r"start: expected a finite number in \[1, 512\], got 'a'; start between 1 and max_units"),
            ({"start": [1]}, r"start: expected a finite number in \[1, 512\], got \[1\]"),
        ],
    )
    def test_settings(self, options, match):
        with pytest.raises(BadInput, match=match):
            LearnConfig(**options)

    def test_data(self):
        x, y = ring(50)
        inf = torch.full((50,), torch.inf)
        for inputs, targets, loss, match in [
            (x, inf, "squared_error", "finite targets"),
            (inf[:, None], y, "cross_entropy", "finite values"),
            (x, y[:-1], "cross_entropy", "50 targets"),
            (x, y.float(), "cross_entropy", "class indices"),
            (x[:2], torch.tensor([0, 4]), "cross_entropy", "5 classes"),
            (x, y, "crossentropy", "did you mean cross_entropy"),
            (x[:, 0], y, "cross_entropy", "rows, features"),
            (x, x[:, :0], "squared_error", r"real targets, .*, got torch.float32 of shape \(50, 0\)"),
            (x, torch.ones(50, 2, 2), "squared_error", r"real targets, .*, got torch.float32 of shape \(50, 2, 2\)"),
            (x, x[:, 0] * 1j, "squared_error", "real targets, .*, got torch.complex64"),
            (x, torch.tensor(1.0), "squared_error", "y: expected 50 targets, got a number"),
            (x, torch.tensor(1), "cross_entropy", "y: expected 50 targets, got a number"),
            (x, torch.full((50,), 1e300, dtype=torch.float64), "squared_error", "finite targets"),
            (x.numpy(), y, "cross_entropy", r"x: expected a tensor, got ndarray; give torch.from_numpy\(x\)"),
            (x.tolist(), y, "cross_entropy", r"x: expected a tensor, got list; give torch.tensor\(x\)"),
            (x, y.numpy(), "cross_entropy", r"y: expected a tensor, got ndarray; give torch.from_numpy\(y\)"),
        ]:
            with pytest.raises(BadInput, match=match):
                learn_width(inputs, targets, loss)

    def test_a_loss_that_is_no_scalar(self):
        x, y = ring(50)
        rows = Likelihood(lambda z, t: nn.functional.cross_entropy(z, t, reduction="none"), outputs=2)
        with pytest.raises(BadInput, match="scalar"):
            learn_width(x, y, rows)

    @pytest.mark.parametrize(
        ("loss", "match"),
        [
            (
                lambda z, _: z.detach().sum(),
                "a value that depends on the outputs, got a constant; compute it from them",
            ),
            (lambda z, _: torch.tensor(1.0), "a value that depends on the outputs, got a constant"),
            (lambda z, _: (z > 0).sum(), "a value that depends on the outputs, got a constant"),
            (lambda z, _: torch.ones((), requires_grad=True), "a value that depends on the outputs, got a constant"),
            (
                lambda z, _: math.nan * z.sum(),
                "a finite value and slope at any outputs, got NaN or inf; look at its logarithms",
            ),
            (lambda z, _: z.log().mean(), "a finite value and slope at any outputs, got NaN or inf"),
        ],
    )
    def test_a_loss_that_teaches_nothing(self, loss, match):
        with pytest.raises(BadInput, match=f"loss: expected {match}"):
            learn_width(*ring(50), Likelihood(loss, outputs=2), progress=never)

    def test_a_root_that_has_no_slope_at_0_alone_is_a_loss(self):
        loss = Likelihood(lambda z, y: (z - y).square().sum(1).sqrt().mean(), outputs=1)
        assert learn_width(ring(50)[0], torch.zeros(50, 1), loss, LearnConfig(price=4.0, steps=20)).steps == 30

    def test_a_likelihood_of_other_things(self):
        with pytest.raises(
            BadInput, match="loss: expected a function of outputs and targets, got 'mse'; give one such"
        ):
            Likelihood("mse", outputs=1)
        with pytest.raises(BadInput, match="scale: expected a finite number > 0, got 'a'; give the loss that"):
            Likelihood(nn.functional.mse_loss, outputs=1, scale="a")

    @pytest.mark.parametrize("settings", [{"price": 3.0}, {}, 4.0])
    def test_settings_of_another_type(self, settings):
        for call in (learn_width, width_path):
            with pytest.raises(BadInput, match=r"config: expected a LearnConfig, got .*; give LearnConfig\(price="):
                call(*ring(50), "cross_entropy", settings)

    @pytest.mark.parametrize(
        ("change", "match"),
        [
            (lambda x, y: (x, y.numpy()), r"validation y: expected a tensor, got ndarray; give torch.from_numpy\(y\)"),
            (lambda x, y: (x, y, [1.0] * 50), "validation sample_weight: expected a tensor, got list"),
            (lambda x, y: x, r"validation: expected \(x, y\) or \(x, y, sample_weight\), got Tensor; give a tuple"),
            (
                lambda x, y: (x, torch.stack([y, y], 1)),
                r"targets of shape \(rows, 1\), got \(rows, 2\); prepare it like",
            ),
            (lambda x, y: (x[:, :1], y), "validation: expected 2 features, got 1"),
        ],
    )
    def test_validation(self, change, match):
        x, y = ring(50)
        with pytest.raises(BadInput, match=match):
            learn_width(x, y.float(), "squared_error", validation=change(x, y.float()), progress=never)

    def test_validation_for_a_loss_of_your_own(self):
        x, y = ring(50)
        held = (x, y.float())
        with pytest.raises(BadInput, match=r"targets of shape \(rows, 1\), got \(rows\)"):
            learn_width(x, held[1][:, None], Likelihood(nn.functional.mse_loss, 1), validation=held, progress=never)

    def test_one_output_of_validation_in_either_shape(self):
        x, y = ring(50)
        runs = [
            learn_width(x, y.float(), "squared_error", LearnConfig(steps=9), validation=held)
            for held in ((x, y.float()), (x, y.float()[:, None]), (x, y.float(), None))
        ]
        assert same(*runs[:2])
        assert same(*runs[1:])

    def test_weights(self):
        x, y = ring(50)
        huge = torch.full((50,), 1e308, dtype=torch.float64)
        for weights in (
            torch.ones(49),
            -torch.ones(50),
            torch.zeros(50),
            torch.ones(50) * 1j,
            huge,
            np.ones(50),
            [1.0],
        ):
            with pytest.raises(BadInput, match="sample_weight: expected"):
                learn_width(x, y, "cross_entropy", sample_weight=weights)
