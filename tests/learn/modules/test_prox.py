"""The proximal step in loops of others: exact with SGD, nearly so with Adam, and on the same path as a run of ours."""

import copy

import pytest
import torch
from torch import nn

from continuum.errors import BadInput
from continuum.learn import WidthProx
from continuum.learn.modules.chain import chain_of
from continuum.learn.modules.lengths import settle
from continuum.widths import reverse_huber, reverse_huber_prox
from tests.learn.modules.chains import CHAINS, convolutional, perceptron
from tests.learn.tasks import ring


def loop(optimizer_of, steps=600, attached=False, units=32):
    x, y = ring(400)
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, units), nn.ReLU(), nn.Linear(units, 2))
    optimizer = optimizer_of(net.parameters())
    prox = WidthProx(net, price=4.0, rows=len(x))
    handle = prox.attach(optimizer) if attached else None
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
        if handle is None:
            prox.step(optimizer)
    return net, prox, (x, y)


@pytest.mark.parametrize("name", CHAINS)
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_with_sgd_a_step_is_the_proximal_gradient_step(name, momentum):
    net, x = CHAINS[name]()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.05, momentum=momentum)
    prox = WidthProx(net, price=2.0, rows=10, optimizer=optimizer, decay=0.3)
    net(x).square().mean().backward()
    layer = chain_of(net).layers[-1]
    optimizer.step()
    stepped = layer.blocks().transpose(0, 1).flatten(1).clone()
    prox.step()
    expected = reverse_huber_prox(stepped, 0.05 / (1 - momentum), 0.3, 0.2)
    torch.testing.assert_close(layer.blocks().transpose(0, 1).flatten(1), expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("kind", "right"), [(torch.optim.Adam, True), (torch.optim.AdamW, True), (torch.optim.Adam, False)]
)
def test_adam_stops_where_the_penalised_loss_is_least(kind, right):
    """Of fixed features the optimum is known by proximal gradient; with moments left as they are Adam misses it."""
    torch.manual_seed(0)
    x = torch.randn(200, 6, dtype=torch.float64)
    target = torch.nn.functional.pad(torch.tensor([[1.0, 3.0], [-0.3, 0.2], [0.05, 1.0]]).double(), (0, 0, 0, 3))
    y = x @ target * torch.tensor([1.0, 30.0])  # gradients of very different size within a block
    net = nn.Sequential(nn.Linear(6, 6, dtype=torch.float64), nn.Tanh(), nn.Linear(6, 2, dtype=torch.float64))
    h = torch.tanh(net[0](x)).detach()

    def value(v):
        return ((h @ v - y).square().mean() / 2 + reverse_huber(v, 0.1, 0.5).sum()).item()

    net[2].bias.detach().zero_()
    best, step = torch.zeros(6, 2, dtype=torch.float64), 1 / torch.linalg.matrix_norm(h.T @ h / 400, 2)
    for _ in range(3000):
        best = reverse_huber_prox(best - step * h.T @ (h @ best - y) / 400, float(step), 0.1, 0.5)
    optimizer = kind([net[2].weight], lr=0.4, weight_decay=0.0)
    prox = WidthProx(net, price=0.5, rows=1, decay=0.1, recruit=0)
    for step in range(800):
        optimizer.zero_grad()
        ((h @ net[2].weight.T - y).square().mean() / 2).backward()
        optimizer.param_groups[0]["lr"] = 0.4 * (1 - step / 800)
        optimizer.step()
        kept = copy.deepcopy(optimizer.state[net[2].weight])
        prox.step(optimizer)
        if not right:
            optimizer.state[net[2].weight]["exp_avg_sq"].copy_(kept["exp_avg_sq"])
    gap = value(net[2].weight.detach().T) / value(best) - 1
    assert (gap < 1e-3) is right


def test_a_loop_of_others_finds_a_width_and_exports_it():
    net, prox, (x, y) = loop(lambda weights: torch.optim.Adam(weights, lr=0.01))
    width, live = prox.widths()[0], int(chain_of(net).layers[0].live().sum())
    assert 1 < width < 16
    plain, small = prox.export(), prox.export(x)
    assert plain[0].out_features == live < 32 == net[0].out_features
    assert small[0].out_features == -(-width // 1)
    torch.testing.assert_close(plain(x), net(x), rtol=1e-4, atol=1e-5)
    assert (small(x).argmax(1) == y).float().mean() > 0.85


def test_attached_to_an_optimiser_it_steps_by_itself():
    one, prox, _ = loop(lambda weights: torch.optim.Adam(weights, lr=0.01), steps=50, attached=True)
    other, _, _ = loop(lambda weights: torch.optim.Adam(weights, lr=0.01), steps=50)
    assert prox.steps == 50
    assert torch.equal(one[2].weight, other[2].weight)


def test_the_export_in_double_precision_is_exact():
    net, x = convolutional()
    prox = WidthProx(net.eval(), price=1.0, rows=10)
    for layer in prox.chain.layers:
        layer.blocks()[:, 1] = 0
    torch.testing.assert_close(prox.export()(x), net(x), rtol=1e-10, atol=1e-10)


def test_recruits_are_silent_and_forgotten():
    net, prox, (x, _) = loop(lambda weights: torch.optim.Adam(weights, lr=0.01))
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    net(x).sum().backward()
    optimizer.step()
    settle(prox.chain)
    layer = prox.chain.layers[0]
    layer.blocks()[:, :3] = 0
    before, directions = net(x), net[0].weight.detach().clone()
    silent = ~layer.live()
    prox._recruit(optimizer)
    torch.testing.assert_close(net(x), before)
    assert (net[0].weight != directions).all(1)[silent].all()
    assert torch.allclose(net[0].weight[~silent], directions[~silent])
    state = optimizer.state[net[0].weight]
    assert not state["exp_avg"][silent].any()
    assert not state["exp_avg_sq"][silent].any()
    assert state["exp_avg"][~silent].any()


def test_an_optimiser_that_it_cannot_follow_is_refused():
    net, x = perceptron()
    net(x).sum().backward()
    refused = {
        "SGD, Adam or AdamW": torch.optim.RMSprop(net.parameters()),
        "holds the module's weights": torch.optim.Adam(copy.deepcopy(net).parameters()),
        "weight_decay=0": torch.optim.AdamW(net.parameters()),
        "the one that stepped": None,
    }
    for reason, optimizer in refused.items():
        with pytest.raises(BadInput, match=reason):
            WidthProx(net, price=1.0, rows=10, optimizer=optimizer).step()
    with pytest.raises(BadInput, match="price"):
        WidthProx(net, price=0.0, rows=10)
