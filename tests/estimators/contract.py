"""The suite that every estimator inherits."""

from abc import ABC, abstractmethod

import pytest
import torch
from torch import Tensor
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.estimators import Bernoulli, Categorical, Discrete, Estimator, Exact
from tests.estimators.quadrature import expectation

BATCHES = [(), (3,), (2, 3), (0,)]
LAWS = [Bernoulli, Categorical]

batches = pytest.mark.parametrize("batch", BATCHES, ids=str)
laws = pytest.mark.parametrize("law", LAWS)
dtypes = pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])


def loss(m: Tensor) -> Tensor:
    """Nonlinear, not symmetric, and with interactions; so no estimator is unbiased for it by accident."""
    weights = torch.linspace(-0.6, 1.1, m.shape[-1], dtype=m.dtype)
    return (m @ weights - 0.3).square() + 0.5 * (m * weights.flip(-1)).sin().sum(-1) + 2


def draw(law: type[Discrete], batch: tuple[int, ...] = (), dtype: torch.dtype = torch.float64, entries: int = 3):
    return law(torch.randn(*batch, entries, dtype=dtype))


def seeded(value: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(value)


class EstimatorContract(ABC):
    """What every estimator must do. A test class inherits this and says how to make its estimator."""

    @abstractmethod
    def make(self, samples: int) -> Estimator:
        """An estimator of so many samples."""

    @batches
    @laws
    @dtypes
    def test_shapes_and_dtypes(self, law, batch, dtype):
        q = draw(law, batch, dtype)
        estimate = self.make(4)(q, loss)
        assert estimate.value.shape == estimate.second_moment.shape == batch
        assert estimate.gradient.shape == (*batch, 3)
        assert estimate.losses.shape[1:] == batch
        assert estimate.gradients.shape == (*estimate.losses.shape, 3)
        assert {estimate.value.dtype, estimate.gradient.dtype} == {dtype}
        assert not estimate.gradient.requires_grad

    @laws
    def test_one_seed_one_estimate(self, law):
        q, estimator = draw(law, (2,)), self.make(4)
        first, again = (estimator(q, loss, generator=seeded()) for _ in range(2))
        assert torch.equal(first.gradients, again.gradients)
        assert torch.equal(first.losses, again.losses)

    @laws
    def test_the_generator_is_the_only_source_of_noise(self, law):
        q, before = draw(law, (2,)), torch.get_rng_state()
        self.make(4)(q, loss, generator=seeded())
        assert torch.equal(torch.get_rng_state(), before)

    @laws
    def test_every_member_of_a_batch_has_its_own_loss(self, law):
        q, changed = draw(law, (3,)), torch.tensor([1.0, 1.0, -2.0], dtype=torch.float64)
        plain, other = (self.make(50)(q, f, generator=seeded()) for f in (loss, lambda m: changed * loss(m)))
        assert torch.equal(other.gradient[:2], plain.gradient[:2])
        assert not torch.equal(other.gradient[2], plain.gradient[2])

    @laws
    def test_the_value_reaches_the_weights_of_the_loss_and_leaves_the_logits_alone(self, law):
        logits = torch.randn(3, dtype=torch.float64, requires_grad=True)
        weight = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
        estimate = self.make(4)(law(logits), lambda m: weight * loss(m))
        estimate.value.backward()
        assert_close(weight.grad * weight, estimate.value)
        assert logits.grad is None
        logits.backward(estimate.gradient)
        assert torch.equal(logits.grad, estimate.gradient)

    @laws
    def test_the_gradients_of_single_samples_do_not_reach_the_weights_of_the_loss(self, law):
        """So that lowering their spread, which tunes an estimator, leaves the weights alone."""
        weight = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
        estimate = self.make(4)(draw(law), lambda m: weight * loss(m))
        (slope,) = torch.autograd.grad(estimate.gradients.sum() + weight, weight)
        assert slope == 1

    @laws
    def test_finite_at_extreme_logits(self, law):
        for dtype in (torch.float32, torch.float64):
            q = law(torch.tensor([[0.0, 80, -80], [1e4, 0, -1e4], [-1e30, 1e30, 0]], dtype=dtype))
            estimate = self.make(100)(q, loss)
            assert estimate.losses.isfinite().all()
            assert estimate.gradients.isfinite().all()

    def test_a_loss_of_another_shape_is_refused(self):
        for wrong in (lambda m: m, lambda m: loss(m).mean(), lambda m: loss(m).unsqueeze(-1), lambda m: 0.0):
            with pytest.raises(BadInput, match="one loss per sample"):
                self.make(4)(draw(Bernoulli, (2,)), wrong)


class SampledContract(EstimatorContract):
    """What those that draw samples must do, too."""

    @laws
    def test_another_seed_another_estimate(self, law):
        q = draw(law, (2,))
        one, other = (self.make(4)(q, loss, generator=seeded(s)) for s in (1, 2))
        assert not torch.equal(one.gradients, other.gradients)

    @laws
    def test_noise_given_is_noise_drawn(self, law):
        q, estimator = draw(law, (2,)), self.make(4)
        estimate = estimator(q, loss, noise=estimator.noise(q, seeded()))
        assert torch.equal(estimate.gradients, estimator(q, loss, generator=seeded()).gradients)

    @laws
    def test_a_batch_equals_a_loop_over_it(self, law):
        q, estimator = draw(law, (3,)), self.make(4)
        noise = estimator.noise(q)
        whole = estimator(q, loss, noise=noise)
        for i in range(3):
            one = estimator(law(q.logits[i]), loss, noise=noise[:, :, i])
            assert_close(whole.gradients[:, i], one.gradients, rtol=1e-12, atol=1e-13)
            assert_close(whole.losses[:, i], one.losses, rtol=1e-13, atol=1e-13)

    @laws
    def test_permuting_the_samples_permutes_the_gradients(self, law):
        q, estimator, order = draw(law), self.make(4), [2, 0, 3, 1]
        noise = estimator.noise(q)
        whole, permuted = (estimator(q, loss, noise=n) for n in (noise, noise[:, order]))
        assert_close(permuted.gradients, whole.gradients[order], rtol=1e-12, atol=1e-13)

    @laws
    def test_single_precision_agrees_with_double(self, law):
        q, estimator = draw(law, (5,)), self.make(50)
        noise = estimator.noise(q).float()
        double = estimator(q, loss, noise=noise.double())
        single = estimator(law(q.logits.float()), loss, noise=noise)
        assert_close(single.gradients.double(), double.gradients, rtol=1e-3, atol=1e-4)

    @laws
    def test_noise_at_the_ends_of_its_range_gives_finite_gradients(self, law):
        for dtype in (torch.float32, torch.float64):
            q = draw(law, (), dtype)
            for end in (0.0, 1.0):
                noise = torch.full_like(self.make(4).noise(q), end)
                assert self.make(4)(q, loss, noise=noise).gradients.isfinite().all()

    def test_bad_noise_is_refused(self):
        q, estimator = draw(Bernoulli), self.make(4)
        good = estimator.noise(q)
        for wrong in (good[:, 1:], good.repeat(2, 1, 1), good + 1, good * torch.nan):
            with pytest.raises(BadInput, match="noise"):
                estimator(q, loss, noise=wrong)

    def test_without_a_sample_there_is_no_estimate(self):
        with pytest.raises(BadInput, match="samples: expected an integer >= "):
            self.make(0)


class UnbiasedContract(SampledContract):
    """What those without bias must do: mean gradient and mean loss by quadrature equal those by enumeration."""

    @laws
    @pytest.mark.parametrize("entries", [1, 2])
    @pytest.mark.parametrize("spread", [0.3, 2.0])
    def test_unbiased(self, law, entries, spread):
        q = law(torch.randn(entries, dtype=torch.float64) * spread)
        self.equals_enumeration(q, nodes=60)

    def test_unbiased_for_three_outcomes(self):
        self.equals_enumeration(draw(Categorical), nodes=50, tolerance=1e-10)

    def equals_enumeration(self, q: Discrete, nodes: int, tolerance: float = 1e-11) -> None:
        exact = Exact()(q, loss)
        value, gradient = expectation(self.make, q, loss, nodes)
        assert_close(value, exact.value, rtol=0, atol=tolerance)
        assert_close(gradient, exact.gradient, rtol=0, atol=tolerance)
