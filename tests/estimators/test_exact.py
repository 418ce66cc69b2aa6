"""Enumeration against autograd and against the expectation by hand; wrong variants that look alike."""

from itertools import product

import pytest
import torch
from hypothesis import given
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.estimators import Bernoulli, Categorical, Exact
from proofs_checks import strategies
from tests.estimators.contract import EstimatorContract, draw, laws, loss

logits = strategies.vectors(-5, 5, 2, 5)


def by_hand(law, values):
    """E f as a differentiable function of the logits, outcome by outcome."""
    total = torch.zeros((), dtype=torch.float64)
    if law is Categorical:
        for k, share in enumerate(values.softmax(-1)):
            total = total + share * loss(torch.eye(len(values), dtype=torch.float64)[k])
        return total
    p = values.sigmoid()
    for bits in product([0.0, 1.0], repeat=len(values)):
        b = torch.tensor(bits, dtype=torch.float64)
        total = total + (p * b + (1 - p) * (1 - b)).prod() * loss(b)
    return total


class TestExact(EstimatorContract):
    def make(self, samples):
        return Exact()

    @laws
    @given(values=logits)
    def test_equals_autograd_through_the_expectation(self, law, values):
        leaf = values.clone().requires_grad_()
        exact = by_hand(law, leaf)
        estimate = Exact()(law(values), loss)
        assert_close(estimate.value, exact.detach(), rtol=1e-12, atol=1e-14)
        assert_close(estimate.gradient, torch.autograd.grad(exact, leaf)[0], rtol=1e-11, atol=1e-14)

    @laws
    @given(values=logits)
    def test_secants_times_variances_are_the_gradient(self, law, values):
        q = law(values)
        p = q.probabilities()
        assert_close(p * (1 - p) * Exact().secants(q, loss), Exact()(q, loss).gradient, rtol=1e-10, atol=1e-13)

    @given(logits)
    def test_secants_are_the_derivative_in_the_probabilities(self, values):
        p = values.sigmoid().requires_grad_()
        (exact,) = torch.autograd.grad(by_hand(Bernoulli, p.logit()), p)
        assert_close(Exact().secants(Bernoulli(values), loss), exact, rtol=1e-9, atol=1e-12)

    def test_the_gradient_of_a_categorical_law_weighs_losses_less_their_mean(self):
        q = draw(Categorical, (2,))
        losses = torch.stack([loss(b) for b in q.support()])
        share = q.probabilities()
        exact = share * (losses - (share * losses).sum(-1, keepdim=True))
        assert_close(Exact()(q, loss).gradient, exact, rtol=1e-13, atol=1e-15)
        with pytest.raises(AssertionError):  # not less their mean
            assert_close(Exact()(q, loss).gradient, share * losses, rtol=1e-2, atol=1e-2)

    def test_the_gradient_at_the_mean_is_another_one(self):
        q = draw(Bernoulli)
        leaf = q.logits.clone().requires_grad_()
        (mean_field,) = torch.autograd.grad(loss(leaf.sigmoid()), leaf)
        exact = Exact()(q, loss).gradient
        with pytest.raises(AssertionError):
            assert_close(mean_field, exact, rtol=1e-2, atol=1e-2)

    def test_the_gradient_at_the_mean_is_exact_for_a_multi_affine_loss(self):
        q = draw(Bernoulli)
        leaf = q.logits.clone().requires_grad_()

        def affine(m):
            return 2 * m[..., 0] * m[..., 1] * m[..., 2] - m[..., 0] + 3 * m[..., 1] * m[..., 2]

        (mean_field,) = torch.autograd.grad(affine(leaf.sigmoid()), leaf)
        assert_close(mean_field, Exact()(q, affine).gradient, rtol=1e-13, atol=1e-14)

    def test_the_excess_of_a_square_over_its_value_at_the_mean(self):
        c, q = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64), draw(Bernoulli)
        p = q.probabilities()
        excess = Exact()(q, lambda m: 0.5 * (m @ c).square()).value - 0.5 * (p @ c).square()
        assert_close(excess, 0.5 * (p * (1 - p) * c**2).sum(), rtol=1e-12, atol=0)
        with pytest.raises(AssertionError):
            assert_close(excess, 0.5 * (p * c**2).sum(), rtol=1e-2, atol=0)

    @laws
    def test_secants_of_a_batch_are_those_of_its_members(self, law):
        q = draw(law, (2, 3))
        alone = torch.stack([Exact().secants(law(member), loss) for member in q.logits.flatten(0, 1)])
        assert_close(Exact().secants(q, loss), alone.unflatten(0, (2, 3)), rtol=1e-12, atol=1e-13)

    def test_secants_hold_where_probabilities_round_to_one(self):
        q = Bernoulli(torch.tensor([60.0, -60.0], dtype=torch.float64))
        assert_close(Exact().secants(q, lambda m: m[..., 0] * (2 - m[..., 1])), torch.tensor([2.0, -1.0]).double())
        assert Exact().secants(Categorical(torch.zeros(1)), loss).isnan().all()

    def test_nothing_is_kept_for_a_loss_without_weights(self):
        assert not Exact()(draw(Bernoulli), loss).value.requires_grad

    def test_what_is_too_large_to_enumerate_is_refused(self):
        assert Exact(limit=8)(draw(Bernoulli), loss).value.shape == ()
        for q in (Bernoulli(torch.zeros(4)), Bernoulli(torch.zeros(5000)), Categorical(torch.zeros(9))):
            with pytest.raises(BadInput, match="at most 8 outcomes"):
                Exact(limit=8)(q, loss)
        with pytest.raises(BadInput, match="limit"):
            Exact(limit=0)
