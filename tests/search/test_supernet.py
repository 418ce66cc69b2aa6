"""The supernet is the engine's network, and its mixtures are what they are said to be."""

import pytest
import torch

from continuum.benchmark import SPACE, Objective, Point, stream
from continuum.search.shared import escape
from continuum.search.shared.descent import gradient
from continuum.search.shared.method import Ground
from continuum.search.shared.mixture import Mixture
from continuum.search.shared.supernet import Rows, Supernet

NET = Supernet(inputs=4, outputs=3, kind="classification", units=6, depth=2)
WEIGHTS = NET.initial(torch.Generator().manual_seed(0))
X = torch.randn(5, 4, generator=torch.Generator().manual_seed(1))


def ground() -> Ground:
    data = stream("iris", 0)
    return Ground(data, SPACE, Objective.of(data), seed=0)


def by_hand(gamma: float, depth: int) -> torch.Tensor:
    """One network with a loop over its units, no gates on what lies beyond."""
    layers, hidden = NET.layers(WEIGHTS), X
    for level in range(depth):
        weight, bias = layers.hidden[level]
        hidden = torch.tanh(hidden @ weight[: hidden.shape[1]] + bias)
        gates = torch.tensor([min(max(gamma - unit, 0.0), 1.0) for unit in range(6)])
        hidden = (hidden * gates)[:, : int(-(-gamma // 1))]
    weight, bias = layers.heads[depth - 1]
    return hidden @ weight[: hidden.shape[1]] + bias


def test_networks_of_any_order_are_those_computed_alone() -> None:
    gammas, depths = [2.5, 6.0, 1.0, 3.5], [2, 1, 2, 1]
    together = NET.logits(WEIGHTS, X, NET.gates(gammas), depths)
    for logits, gamma, depth in zip(together, gammas, depths, strict=True):
        torch.testing.assert_close(logits, by_hand(gamma, depth), atol=1e-6, rtol=1e-5)
    assert not torch.allclose(together[0], by_hand(2.0, 2), atol=1e-3)  # the falsifier: the fraction counts


def test_the_mixture_of_shallow_outputs_is_the_network_of_the_expected_gates() -> None:
    gammas, shares = [1.0, 2.5, 6.0], torch.tensor([0.2, 0.5, 0.3])
    apart = (shares[:, None, None] * NET.logits(WEIGHTS, X, NET.gates(gammas), [1, 1, 1])).sum(0)
    together = NET.logits(WEIGHTS, X, (shares @ NET.gates(gammas))[None], [1])[0]
    torch.testing.assert_close(apart, together, atol=1e-6, rtol=1e-5)
    deep = (shares[:, None, None] * NET.logits(WEIGHTS, X, NET.gates(gammas), [2, 2, 2])).sum(0)
    assert not torch.allclose(deep, NET.logits(WEIGHTS, X, (shares @ NET.gates(gammas))[None], [2])[0], atol=1e-3)


def test_outgoing_weights_let_a_mixture_escape_the_price() -> None:
    here, rows = ground(), ground().validation.rows
    even = Mixture(here, torch.tensor([0.5, 0.5]), torch.full((2, len(SPACE.gamma)), 1 / len(SPACE.gamma)))
    moved, weights = escape(even, here.weights.vector, share=1e-3)
    before, after = even.loss(here.weights.vector, rows), moved.loss(weights, rows)
    torch.testing.assert_close(after, before, atol=1e-4, rtol=1e-4)  # float32, weights times 1000
    assert float(moved.units()) < 0.1 * float(even.units())
    moved, weights = escape(even, here.weights.vector, share=1e-3, rescale=False)
    assert abs(float(moved.loss(weights, rows) - before)) > 0.01  # the falsifier: without making up, another function


def test_adam_is_that_of_torch() -> None:
    here = ground()
    reference = torch.nn.Parameter(here.weights.vector.clone())
    optimiser = torch.optim.Adam([reference], lr=0.01)
    for seed in range(5):
        gradient = torch.randn(len(reference), generator=torch.Generator().manual_seed(seed))
        here.weights.step(gradient, 0.01, weight_decay=0.1)
        reference.grad = gradient + 0.1 * here.weights.decayed * reference.detach()
        optimiser.step()
    torch.testing.assert_close(here.weights.vector, reference.detach(), atol=1e-6, rtol=1e-5)


def test_what_a_point_loses_under_shared_weights_prefers_no_order_of_points() -> None:
    here = ground()
    points = [Point(4.0, 0.01), Point(8.0, 0.01, depth=2), Point(2.5, 0.01)]
    losses = here.losses(here.weights.vector, here.validation.rows, points)
    turned = here.losses(here.weights.vector, here.validation.rows, points[::-1])
    torch.testing.assert_close(losses, turned.flip(0), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("kind", ["classification", "regression"])
@pytest.mark.parametrize(
    "point", [Point(2.5, 0.01), Point(6.0, 0.01), Point(0.5, 0.01, depth=2), Point(3.5, 0.1, 0, 2)]
)
def test_the_gradient_by_hand_is_that_of_autograd(kind: str, point: Point) -> None:
    net = Supernet(inputs=4, outputs=3 if kind == "classification" else 1, kind=kind, units=6, depth=2)
    leaf = net.initial(torch.Generator().manual_seed(0)).requires_grad_()
    rows = Rows(X, torch.tensor([0, 2, 1, 1, 0]) if kind == "classification" else torch.linspace(-1, 1, 5))
    (slope,) = torch.autograd.grad(net.losses(leaf, rows, net.gates([point.gamma]), [point.depth]).sum(), leaf)
    torch.testing.assert_close(torch.from_numpy(gradient(net, leaf, rows, point)), slope, atol=1e-6, rtol=1e-4)
    other = gradient(net, leaf, rows, Point(point.gamma + 1e-2 if point.gamma < 6 else 5.9, 0.01, depth=point.depth))
    assert not torch.allclose(torch.from_numpy(other), slope, atol=1e-6, rtol=1e-4)  # the falsifier
