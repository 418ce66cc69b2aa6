"""Both families of laws: samples, scores and conditionals."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.estimators import Bernoulli, Categorical
from proofs_checks import strategies
from tests.estimators.contract import draw, dtypes, laws, seeded
from tests.estimators.quadrature import noise_of, rule

logits = strategies.vectors(-5, 5, most=4)
DRAWS = 200_000


@laws
class TestBoth:
    @dtypes
    @pytest.mark.parametrize("uniform", [0.0, 1.0])
    def test_noise_at_its_ends_gives_finite_numbers(self, law, dtype, uniform):
        q, noise = draw(law, dtype=dtype), torch.full((3,), uniform, dtype=dtype)
        perturbed = q.perturb(noise)
        assert perturbed.isfinite().all()
        assert q.condition(q.harden(perturbed), noise).isfinite().all()

    def test_copies_do_not_lead_back_to_the_logits(self, law):
        values = torch.randn(3, dtype=torch.float64, requires_grad=True)
        copies = law(2 * values).copies(5)
        assert copies.logits.is_leaf
        copies.logits.square().sum().backward()
        assert values.grad is None

    @given(values=logits)
    def test_the_shares_of_the_support_add_up_to_one_and_to_the_probabilities(self, law, values):
        q = law(values)
        support = q.support()
        share = law(values.expand(len(support), -1)).log_prob(support).exp()
        assert len(support.unique(dim=0)) == q.outcomes
        assert_close(share.sum(), torch.tensor(1.0).double(), rtol=1e-13, atol=0)
        assert_close(share @ support, q.probabilities(), rtol=1e-12, atol=1e-15)

    @given(values=logits)
    def test_the_score_is_the_gradient_of_the_log_probability(self, law, values):
        leaf = values.clone().requires_grad_()
        for outcome in law(values).support():
            (exact,) = torch.autograd.grad(law(leaf).log_prob(outcome), leaf)
            assert_close(law(leaf).score(outcome), exact, rtol=1e-12, atol=1e-13)
        assert not law(leaf).score(outcome).requires_grad

    def test_every_region_of_the_noise_hardens_to_its_outcome_and_has_its_mass(self, law):
        """Else no quadrature below would mean anything."""
        q, points = draw(law), torch.rand(1000, 3, dtype=torch.float64)
        for outcome in q.support():
            assert (q.harden(q.perturb(noise_of(q, outcome, points))) == outcome).all()
        frequency = q.harden(q.perturb(torch.rand(DRAWS, 3, dtype=torch.float64, generator=seeded()))).mean(0)
        p = q.probabilities()
        assert ((frequency - p).abs() < 5 * (p * (1 - p) / DRAWS).sqrt()).all()  # sees a bias of 0.006

    def test_the_conditional_hardens_to_what_it_is_conditioned_on(self, law):
        for dtype in (torch.float32, torch.float64):
            q = law(torch.tensor([[0.5, -2.0, 1.0], [30.0, -30.0, 0.0]], dtype=dtype))
            for outcome in q.support():
                sample = outcome.expand(1000, 2, 3)
                assert torch.equal(q.harden(q.condition(sample, torch.rand(1000, 2, 3, dtype=dtype))), sample)

    @pytest.mark.parametrize("entries", [1, 2])
    def test_the_conditional_given_the_outcome_has_the_law_of_the_perturbed_logits(self, law, entries):
        """Means of smooth functions of z, outcome by outcome; a wrong variant forgets the outcome."""
        q, (points, weights) = draw(law, entries=entries), rule(60, entries)

        def moments(z):
            return weights @ torch.cat([z.sigmoid(), z.tanh() * z.flip(-1).sigmoid(), torch.exp(-z.square())], -1)

        for outcome in q.support():
            exact = moments(q.perturb(noise_of(q, outcome, points)))
            assert_close(moments(q.condition(outcome.expand_as(points), points)), exact, rtol=0, atol=1e-9)
            if q.outcomes > 1:
                with pytest.raises(AssertionError):
                    assert_close(moments(q.perturb(points)), exact, rtol=0, atol=1e-2)

    @dtypes
    def test_relaxed_samples_are_finite_and_near_the_hard_ones_at_low_temperature(self, law, dtype):
        q = law(torch.randn(500, 64, dtype=dtype) * 30)
        z = q.perturb(torch.rand(500, 64, dtype=dtype))
        assert_close(q.relax(z, 1e-3), q.harden(z), rtol=0, atol=0.5)
        for temperature in (1e-3, 1e-37):
            assert q.relax(z, temperature).isfinite().all()

    def test_temperatures_of_a_batch(self, law):
        q, temperatures = draw(law, (2,)), torch.tensor([0.1, 3.0], dtype=torch.float64)
        z = q.perturb(torch.rand(7, 2, 3, dtype=torch.float64))
        assert_close(q.relax(z, temperatures)[:, 1], q.relax(z, 3.0)[:, 1])

    @pytest.mark.usefixtures("unchecked")
    def test_bad_logits_are_refused(self, law):
        for value in (torch.nan, torch.inf):
            with pytest.raises(BadInput, match=f"finite numbers, got {value}"):
                law(torch.tensor([0.0, value]))
        for wrong in (torch.tensor(1.0), torch.zeros(3, 0), torch.zeros(3, dtype=torch.int64), torch.zeros(3).half()):
            with pytest.raises(BadInput, match=r"\(\*batch, entries\)"):
                law(wrong)


class TestConditional:
    @given(strategies.numbers(-30, 30, subnormal=True), strategies.fractions(1e-6), st.sampled_from([0.0, 1.0]))
    def test_bernoulli_equals_the_truncated_inverse(self, a, v, b):
        p = 1 / (1 + math.exp(-a))
        u = (1 - p) + p * v if b else (1 - p) * v
        q = Bernoulli(torch.tensor([a], dtype=torch.float64))
        perturbed = q.condition(torch.tensor([b], dtype=torch.float64), torch.tensor([v], dtype=torch.float64))
        assert_close((perturbed - q.logits).sigmoid().item(), u, rtol=1e-9, atol=1e-12)

    def test_categorical_of_two_is_bernoulli_of_the_difference(self):
        """Laws of z_0 - z_1 given that 0 won, by quadrature."""
        values = torch.tensor([0.4, -0.9], dtype=torch.float64)
        two, one = Categorical(values), Bernoulli(values[:1] - values[1:])
        assert_close(two.probabilities()[:1], one.probabilities())
        points, weights = rule(60, 2)
        z = two.condition(torch.tensor([1.0, 0.0]).double().expand_as(points), points)
        line, line_weights = rule(60, 1)
        exact = line_weights @ one.condition(torch.ones_like(line), line).tanh()
        assert_close(weights @ (z[:, :1] - z[:, 1:]).tanh(), exact, rtol=0, atol=1e-11)


class TestGumbel:
    def test_the_argmax_is_drawn_from_q_and_the_other_sign_from_another_law(self):
        q = Categorical(torch.tensor([0.1, 0.3, 0.6], dtype=torch.float64).log())
        uniform = torch.rand(DRAWS, 3, dtype=torch.float64, generator=seeded())
        error = 5 * (q.probabilities() * (1 - q.probabilities()) / DRAWS).sqrt()  # sees a bias of 0.006

        def holds(z):
            return bool(((q.harden(z).mean(0) - q.probabilities()).abs() < error).all())

        assert holds(q.perturb(uniform))
        assert not holds(q.logits + torch.log(-torch.log(uniform)))
