"""RELAX: unbiased whatever the surrogate is, REBAR as a special case, and a surrogate that learns."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.estimators import Bernoulli, Categorical, Rebar, Relax, ScoreFunction
from tests.estimators.contract import UnbiasedContract, draw, laws, loss, seeded


def surrogate(z):
    """Neither near the loss nor symmetric."""
    weights = torch.linspace(0.4, -1.0, z.shape[-1], dtype=z.dtype)
    return (z * weights).tanh().sum(-1) + 0.7 * (z @ weights).sigmoid()


class WidthResult(nn.Module):
    def __init__(self, entries):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(entries, 16), nn.Tanh(), nn.Linear(16, 1)).double()

    def forward(self, z):
        return self.layers(z.sigmoid()).squeeze(-1)


class TestRelax(UnbiasedContract):
    def make(self, samples):
        return Relax(samples, surrogate)


class TestSurrogate:
    @laws
    def test_the_relaxed_loss_gives_rebar(self, law):
        q, noise = draw(law, (2,)), torch.rand(2, 6, 2, 3, dtype=torch.float64)
        relax = Relax(6, lambda z: 0.8 * loss(q.relax(z, 0.5)))(q, loss, noise=noise)
        assert_close(relax.gradients, Rebar(6, 0.5, 0.8)(q, loss, noise=noise).gradients)

    def test_gradient_of_the_second_moment(self):
        q, noise = draw(Categorical), torch.rand(2, 6, 3, dtype=torch.float64)
        weights = torch.randn(3, dtype=torch.float64, requires_grad=True)

        def moment(weights):
            return Relax(6, lambda z: (z * weights).tanh().sum(-1))(q, loss, noise=noise).second_moment

        assert torch.autograd.gradcheck(moment, (weights,))

    def test_learning_it_lowers_the_variance_below_that_of_the_score_function(self):
        q, model, generator = draw(Bernoulli), WidthResult(3), seeded()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
        for _ in range(150):
            optimizer.zero_grad()
            Relax(64, model)(q, loss, generator=generator).second_moment.backward()
            optimizer.step()
        moments = [e(q, loss, generator=seeded(1)).second_moment for e in (Relax(4000, model), ScoreFunction(4000))]
        assert moments[0] < 0.5 * moments[1]

    def test_the_loss_may_be_a_black_box(self):
        estimate = Relax(4, surrogate)(draw(Bernoulli), lambda b: torch.from_numpy(b.numpy().sum(-1)))
        assert estimate.gradient.isfinite().all()

    def test_bad_surrogates_are_named(self):
        q = draw(Bernoulli)
        with pytest.raises(BadInput, match="surrogate: expected one loss per sample"):
            Relax(4, lambda z: z)(q, loss)
        with pytest.raises(BadInput, match="surrogate: expected losses that are differentiable"):
            Relax(4, lambda z: z.detach().sum(-1))(q, loss)
