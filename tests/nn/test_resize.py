"""More or fewer units in the middle of training: what survives, and what is fresh."""

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.nn import MLP, Gate, resize
from continuum.widths import Affine, Concrete, Fuzzy, Interval, SoftSupport
from tests.nn.networks import Given, conv, dense, interval

OPTIMIZERS = {
    "adam": lambda p: torch.optim.Adam(p, 0.01, amsgrad=True),
    "adamw": lambda p: torch.optim.AdamW(p, 0.01),
    "sgd": lambda p: torch.optim.SGD(p, 0.01, momentum=0.9),
    "plain sgd": lambda p: torch.optim.SGD(p, 0.01),
}


def step(model: nn.Module, optimizer: torch.optim.Optimizer, x: torch.Tensor) -> None:
    optimizer.zero_grad()
    model(x).square().sum().backward()
    optimizer.step()


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("units", [[9, 8], [4, 5], [6, 6]], ids=str)
def test_state_of_surviving_units_is_kept(make, units):
    model, x = MLP(3, 2, [interval(2.5), interval(3.5)]), torch.randn(5, 3)
    optimizer = make(model.parameters())
    step(model, optimizer, x)
    before, old = model(x).detach(), model.layers[1].weight
    state = {name: value.clone() for name, value in optimizer.state[old].items() if isinstance(value, torch.Tensor)}
    resize(model, optimizer, units)
    new = model.layers[1].weight
    assert new.shape == (units[1], units[0])
    assert_close(model(x), before)
    rows, columns = min(6, units[1]), min(6, units[0])
    assert torch.equal(new[:rows, :columns], old[:rows, :columns])
    for name, value in state.items():
        state = optimizer.state[new][name]
        if value.dim():
            assert state.shape == new.shape
            assert torch.equal(state[:rows, :columns], value[:rows, :columns])
            assert not state[rows:].any()
            assert not state[:, columns:].any()
        else:
            assert state == value


def test_the_optimiser_trains_exactly_the_new_parameters():
    model, x = MLP(3, 2, [interval(2.5)]), torch.randn(5, 3)
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    step(model, optimizer, x)
    resize(model, optimizer, 9)
    assert {id(p) for p in optimizer.param_groups[0]["params"]} == {id(p) for p in model.parameters()}
    assert set(optimizer.state) == set(model.parameters())
    with torch.no_grad():
        model.widths[0].gamma.fill_(9.0)
    start = {name: value.clone() for name, value in model.named_parameters()}
    step(model, optimizer, x)
    for name, value in model.named_parameters():
        if name != "widths.0.gamma":
            assert (value != start[name]).all(), name


def test_growing_continues_as_if_the_units_had_been_there():
    """Training after growth is training without it while gamma stays below the old allocation."""
    model, x = MLP(3, 2, [Interval(6, 2.5, learnable=False)]), torch.randn(5, 3)
    twin = MLP(3, 2, [Interval(6, 2.5, learnable=False)])
    twin.load_state_dict(model.state_dict())
    optimizers = [torch.optim.Adam(net.parameters(), 0.01) for net in (model, twin)]
    for number in range(6):
        for net, optimizer in zip((model, twin), optimizers, strict=True):
            step(net, optimizer, x)
        if number == 2:
            resize(model, optimizers[0], 12)
    assert_close(model(x), twin(x))


def test_new_units_have_outgoing_weights():
    """Else a unit with gate 0 could never be born: its gate's gradient is the product of both."""
    model = MLP(3, 2, [interval(6.0)])
    resize(model, None, 8)
    assert model.layers[1].weight[:, 6:].all()
    assert model.layers[0].weight[6:].all()
    model(torch.randn(5, 3)).square().sum().backward()
    assert model.widths[0].gamma.grad != 0


@pytest.mark.parametrize("units", [4, 9])
def test_everything_between_the_layers_follows(units):
    gate = Gate(interval(2.5), axis=1)
    model, x = conv(gate, [nn.BatchNorm2d(6), nn.PReLU(6)], [nn.BatchNorm2d(6)]), torch.randn(4, 1, 12, 12)
    before = model(x)
    statistics = [layer for layer in model if isinstance(layer, nn.BatchNorm2d)]
    with torch.no_grad():  # so that no constant comes from the units that leave
        statistics[1].running_mean[3:], statistics[1].bias[3:] = 0, 0
    before = model(x)
    resize(model, torch.optim.Adam(model.parameters()), units)
    assert_close(model(x), before)
    assert model[0].out_channels == units
    assert "momentum" in repr(statistics[0])
    assert statistics[0].running_var.shape == (units,)


def test_flattened_channels():
    layers = [nn.Conv2d(1, 6, 3), Gate(interval(2.5), 1), nn.ReLU(), nn.Flatten(), nn.Linear(6 * 16, 2)]
    model, x = nn.Sequential(*layers), torch.randn(4, 1, 6, 6)
    before = model(x)
    for units in (9, 3):
        resize(model, None, units)
        assert_close(model(x), before)
        assert model[-1].in_features == units * 16


@pytest.mark.parametrize("grades", [[1.0, 0.5, 0, 0, 0, 0], [1.0, 1, 0, 0, 0, 0], [0.0] * 6, [0.25] * 6], ids=str)
def test_fuzzy_units_start_with_grade_0(grades):
    width = Fuzzy(6, sum(grades), torch.tensor(grades))
    model, x = MLP(3, 2, [width]), torch.randn(5, 3)
    optimizer = torch.optim.Adam(model.parameters())
    step(model, optimizer, x)
    gates, before = width.gates().detach(), model(x).detach()
    resize(model, optimizer, 9)
    assert_close(width.gates(), torch.cat([gates, torch.zeros(3)]))
    assert_close(model(x), before)
    resize(model, optimizer, 6)
    assert_close(model(x), before)


def test_soft_support_takes_the_tiles_that_f_gives():
    model, x = MLP(3, 2, [SoftSupport(6, Affine(2.5), 50.0)]), torch.randn(5, 3)
    before = model(x)
    resize(model, None, 9)
    assert_close(model(x), before)


@pytest.mark.parametrize(("width", "left"), [(interval(5.5), 4.0), (Fuzzy(6, 3.0), 2.0)], ids=["interval", "fuzzy"])
def test_units_that_are_on_leave_by_force_only(width, left):
    model = MLP(3, 2, [width])
    with pytest.raises(
        BadInput, match=r"gate 2: expected gates of 0 there, got a gate of .* from 4 on; narrow the law"
    ):
        resize(model, None, 4)
    resize(model, None, 4, force=True)
    assert width.cardinality().item() == pytest.approx(left)
    assert model(torch.randn(5, 3)).shape == (5, 2)


def shared() -> nn.Sequential:
    model = dense(Gate(interval(2.5)), [], [])
    model[1].extra = model[0]
    return model


GATED = MLP(3, 2, [interval(2.5)])
REFUSED = {
    "concrete": (MLP(3, 2, [Concrete(6, 0.5)]), 9, "gate 2: expected an Interval, SoftSupport or Fuzzy law, got Conc"),
    "unknown": (dense(Gate(Given([1.0] * 6)), [], []), 9, "gate 1: expected an Interval"),
    "too many": (GATED, [9, 9], r"units: expected 1 numbers, one per gated layer, got \[9, 9\]; give"),
    "none": (GATED, 0, "units: expected an integer >= 1, got 0"),
    "no gate": (nn.Sequential(nn.Linear(3, 2)), [], "units: expected 0 numbers"),
    "end": (nn.Sequential(nn.Linear(3, 6), Gate(interval(2.5))), 9, "model: expected a linear layer before and behind"),
    "shared": (shared(), 9, "model: expected parameters in one place each, got shared ones; untie them first"),
}


@pytest.mark.parametrize(("model", "units", "message"), REFUSED.values(), ids=REFUSED)
def test_refuses_before_it_changes_anything(model, units, message):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(BadInput, match=message):
        resize(model, None, units)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_refuses_state_of_another_shape():
    model = MLP(3, 2, [interval(2.5)])
    optimizer = torch.optim.Adafactor(model.parameters())
    step(model, optimizer, torch.randn(5, 3))
    with pytest.raises(BadInput, match="optimizer: expected state of the parameter's shape, as Adam"):
        resize(model, optimizer, 9)
