"""Every method returns the same kind of result, from the same settings: one suite, inherited by all."""

import math
from typing import ClassVar

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from continuum.errors import BadInput, Diverged
from continuum.learn import LearnConfig, Likelihood, WidthResult, learn_width
from continuum.learn.methods.registry import BY_NAME, USE_VALIDATION
from continuum.learn.settings import DEFAULT_PRICE, METHODS, PRICES, rounding_steps
from tests.learn.tasks import ring


def same(one: WidthResult, other: WidthResult) -> bool:
    pairs = zip(one.network.state_dict().values(), other.network.state_dict().values(), strict=True)
    return one.widths == other.widths and all(torch.equal(a, b) for a, b in pairs)


def test_names_and_functions_agree():
    assert tuple(BY_NAME) == METHODS


class Contract:
    """What holds for any method."""

    method: str
    price: float | None = 4.0
    options: ClassVar[dict[str, float]] = {}
    deep: float = 0.9  # accuracy of two hidden layers
    deep_steps = 250

    def settings(self, **overrides) -> LearnConfig:
        return LearnConfig(
            **{"method": self.method, "price": self.price, "steps": 120, "max_units": 40} | self.options | overrides
        )

    def learn(self, rows=200, dtype=torch.float32, loss="cross_entropy", **overrides) -> WidthResult:
        return learn_width(*ring(rows, dtype), loss, self.settings(**overrides))

    def test_a_plain_network_of_ceil_width_units(self):
        x, y = ring()
        result = self.learn(steps=300, lr=0.02)
        assert [type(layer) for layer in result.network] == [nn.Linear, nn.Tanh, nn.Linear]
        assert result.units == (max(1, math.ceil(result.widths[0] - 1e-6)),) == (result.network[0].out_features,)
        assert 0 <= result.widths[0] <= 40
        assert result.width_curve.shape == (len(result.loss_curve), 1)
        assert result.width_curve[-1, 0].item() == pytest.approx(result.widths[0])
        assert result.loss_curve[-1] < result.loss_curve[0] / 2
        assert (result.network(x).argmax(1) == y).float().mean() > 0.95
        assert (result.graded(x).argmax(1) == y).float().mean() > 0.9
        assert not result.network.training
        assert result.activation == "tanh"

    def test_the_price_is_told(self):
        assert self.learn(steps=20).price == self.price

    def test_equal_seeds_give_equal_bits_and_others_do_not(self):
        one, again, other = (self.learn(steps=40, seed=seed) for seed in (1, 1, 2))
        assert same(one, again)
        assert not same(one, other)

    def test_settings_are_heard(self):
        base = self.learn(steps=40)
        for option in ({"batch": 16}, {"lr": 0.02}, {"start": 3.5}, {"decay": 0.1}):
            assert not same(base, self.learn(steps=40, **option)), option

    def test_the_dtype_of_the_inputs_is_kept(self):
        assert self.learn(steps=20, dtype=torch.float64).network[0].weight.dtype == torch.float64

    @pytest.mark.parametrize("activation", ["tanh", "relu"])
    def test_two_hidden_layers_have_a_width_each(self, activation):
        x, y = ring()
        result = self.learn(steps=self.deep_steps, lr=0.02, hidden_layers=2, activation=activation)
        assert len(result.widths) == len(result.units) == 2
        assert [m.out_features for m in result.network if isinstance(m, nn.Linear)] == [*result.units, 2]
        assert (result.graded(x).argmax(1) == y).float().mean() > self.deep

    def test_regression_with_two_outputs(self):
        x = torch.randn(200, 3, generator=torch.Generator().manual_seed(0))
        y = torch.stack([x[:, 0].abs(), x[:, 1]], 1)
        y = (y - y.mean(0)) / y.std(0)
        result = learn_width(x, y, "squared_error", self.settings(steps=300, lr=0.02))
        assert (result.network(x) - y).square().mean() < 0.1

    def test_a_loss_of_your_own_equals_the_built_in_one(self):
        likelihood = Likelihood(nn.functional.cross_entropy, outputs=2)
        one, other = (self.learn(steps=60, dtype=torch.float64, loss=loss) for loss in (likelihood, "cross_entropy"))
        assert_close(one.widths[0], other.widths[0], rtol=1e-6, atol=1e-9)

    def test_one_unit_is_enough_for_the_code(self):
        assert self.learn(steps=40, max_units=1, start=1).units == (1,)

    def test_steps_and_progress(self):
        calls: list[tuple[int, int, float]] = []
        result = learn_width(*ring(), "cross_entropy", self.settings(), progress=lambda *now: calls.append(now))
        done = [now[0] for now in calls]
        before = self.before()
        assert done == sorted(done)
        assert (done[0], done[-1]) == (0, result.steps)
        assert {now[1] for now in calls} == {result.steps} == {before + 180}
        assert same(result, self.learn())

    def test_an_answer_ends_learning_and_rounding_goes_on(self):
        steps_done: list[int] = []

        def progress(done: int, total: int, width: float) -> bool:
            steps_done.extend([done] * (done > self.before()))
            return len(steps_done) == 11

        result = learn_width(*ring(), "cross_entropy", self.settings(), progress=progress)
        assert result.steps == steps_done[10] + 60 < self.before() + 180
        assert result.units == (result.network[0].out_features,)

    def before(self) -> int:
        """Steps before the graded phase."""
        return 0


class Weighted:
    """Of methods that do not part the rows."""

    def test_weights_count_as_repetitions_in_a_full_batch(self):
        x, y = ring(60, torch.float64)
        twice = torch.arange(60) % 2 + 1
        settings = self.settings(steps=60, batch=1000)
        weighted = learn_width(x, y, "cross_entropy", settings, sample_weight=twice.double())
        repeated = learn_width(x.repeat_interleave(twice, 0), y.repeat_interleave(twice), "cross_entropy", settings)
        plain = learn_width(x, y, "cross_entropy", settings)
        assert_close(weighted.widths[0], repeated.widths[0], rtol=1e-6, atol=1e-9)
        assert_close(weighted.graded(x), repeated.graded(x), rtol=1e-5, atol=1e-6)
        with pytest.raises(AssertionError):
            assert_close(weighted.graded(x), plain.graded(x), rtol=1e-5, atol=1e-6)


class Priced(Weighted):
    """Of methods that a price on the training loss drives, and that look at no held-out rows."""

    def test_a_higher_price_buys_less_width(self):
        low, high = (self.learn(steps=300, price=price).widths[0] for price in (0.5, 64.0))
        assert low > 1.3 * high

    def test_without_a_price_the_default_one_is_taken_and_said(self):
        result = self.learn(steps=20, price=None)
        assert result.price == DEFAULT_PRICE
        assert any("calibrate" in note for note in result.notes)
        assert result.widths == self.learn(steps=20, price=DEFAULT_PRICE).widths

    def test_rows_held_out_are_refused_before_training(self):
        with pytest.raises(BadInput, match=f"none with the method {self.method}, got rows; graded, hypergradient"):
            learn_width(*ring(), "cross_entropy", self.settings(), validation=ring(50), progress=_never)

    @pytest.mark.parametrize("activation", ["tanh", "relu"])
    def test_what_diverged_is_not_returned(self, activation):
        with pytest.raises(Diverged, match=r"training diverged: .*(finite|nan); lower lr, or mend the scale"):
            self.learn(steps=60, lr=1e30, activation=activation)

    def test_saturation_is_reported(self):
        result = self.learn(price=0.01, max_units=2, start=2)
        assert result.saturated
        assert any("max_units" in note for note in result.notes)
        assert not self.learn().saturated


def _never(*now: object) -> None:
    raise AssertionError(f"training began: {now}")


class TestInterval(Contract, Priced):
    method = "interval"


class TestSquareRootGate(Contract, Priced):
    method = "interval"
    options: ClassVar = {"exponent": 0.5}


class TestSoftSupport(Contract, Priced):
    method = "soft_support"
    deep_steps = 400


class TestFuzzy(Contract, Priced):
    method = "fuzzy"

    def test_it_has_the_optimum_of_the_graded_method(self):
        """Decay on square-root gates that share out a sum is the same problem, solved by another algorithm."""
        fuzzy, graded = (
            self.learn(steps=1200, method=method, max_units=128).widths[0] for method in (self.method, "graded")
        )
        assert fuzzy == pytest.approx(graded, rel=0.1)

    def test_linear_gates_have_another_one(self):
        interval, graded = (self.learn(steps=300, method=method).widths[0] for method in ("interval", "graded"))
        with pytest.raises(AssertionError):
            assert interval == pytest.approx(graded, rel=0.1)


class TestConcrete(Contract, Priced):
    method = "concrete"
    deep = 0.65  # of two widths that are sampled one sinks to a single unit; more than half of the rows is one class


class TestHypergradient(Contract):
    method = "hypergradient"

    def test_held_out_rows_move_the_width_and_nothing_but_the_width(self):
        x, y = ring(300)
        wide = torch.randint(0, 2, (100,), generator=torch.Generator().manual_seed(0))
        for targets in (y[200:], wide):
            result = learn_width(
                x[:200], y[:200], "cross_entropy", self.settings(steps=100), validation=(x[200:], targets)
            )
            assert result.steps == 150
        one, other = (
            learn_width(x[:200], y[:200], "cross_entropy", self.settings(steps=9), validation=(x[200:], targets))
            for targets in (y[200:], wide)
        )
        assert same(one, other)  # no move yet

    def test_no_price_is_no_price(self):
        result = self.learn(steps=50, price=None)
        assert result.price == 0.0
        assert any("held-out loss alone" in note for note in result.notes)


class TestPath(Contract):
    method = "path"
    price = None

    def before(self) -> int:
        stage = 120 // len(PRICES)
        return len(PRICES) * (stage + rounding_steps(stage))

    def test_the_price_is_told(self):
        result = self.learn(steps=90)
        assert result.price in PRICES
        assert any("picked" in note for note in result.notes)

    def test_it_is_a_graded_run_at_the_price_picked(self):
        result = self.learn(steps=90)
        assert same(result, self.learn(steps=90, method="graded", price=result.price))

    def test_a_price_is_refused_before_training(self):
        with pytest.raises(BadInput, match=r"price: expected None with the method path, got 2\.0; it finds a price"):
            learn_width(*ring(), "cross_entropy", self.settings(price=2.0), progress=_never)

    def test_rows_held_out_judge(self):
        x, y = ring(300)
        noise = torch.randint(0, 2, (100,), generator=torch.Generator().manual_seed(0))
        prices = [
            learn_width(x[:200], y[:200], "cross_entropy", self.settings(), validation=(x[200:], targets)).price
            for targets in (y[200:], noise)
        ]
        assert prices[0] < prices[1]


def test_those_that_use_held_out_rows_are_named():
    assert set(USE_VALIDATION) == {"graded", "hypergradient", "path"}
    with pytest.raises(BadInput, match="method: expected one of concrete, fuzzy, graded, hypergradient, interval"):
        LearnConfig(method="soft")
