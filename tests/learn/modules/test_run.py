"""Widths of a user's module in one run: like the first edition's, exact, repeatable, and refused early."""

import copy
from dataclasses import replace

import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

from continuum.errors import BadInput, Diverged
from continuum.learn import LearnConfig, Likelihood, learn_width
from tests.learn.tasks import ring

FEW = LearnConfig(price=4.0, steps=250)


def perceptron(units=64, seed=0, activation=nn.ReLU):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(2, units), activation(), nn.Linear(units, 2))


def images(rows=400):
    x, y = load_digits(return_X_y=True)
    return torch.tensor(x[:rows]).float().view(-1, 1, 8, 8) / 8 - 1, torch.tensor(y[:rows])


def convolutional():
    torch.manual_seed(0)
    first = [nn.Conv2d(1, 12, 3, padding=1, bias=False), nn.BatchNorm2d(12), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(
        *first, nn.Conv2d(12, 16, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, 32), nn.GELU(), nn.Linear(32, 10)
    )


def test_the_width_is_that_of_learn_width_on_tensors():
    """Means over two seeds within 5 %: starts and reserves differ, the penalty and its price do not."""
    x, y = ring()

    def mean_width(learn, price=4.0, **options):
        config = LearnConfig(price=price, steps=600, **options)
        return sum(learn(replace(config, seed=seed)).widths[0] for seed in range(2)) / 2

    first = mean_width(lambda config: learn_width(x, y, "cross_entropy", config), activation="relu")
    own = mean_width(lambda config: learn_width(perceptron(128, config.seed), (x, y), config=config))
    dear = mean_width(lambda config: learn_width(perceptron(128, config.seed), (x, y), config=config), price=5.0)
    assert abs(own / first - 1) < 0.05
    assert abs(dear / first - 1) > 0.05  # the falsifier


def test_a_convolutional_network_learns_its_channels_and_stays_as_it_is():
    x, y = images()
    net = convolutional()
    before = copy.deepcopy(net.state_dict())
    net.to(memory_format=torch.channels_last)
    result = learn_width(net, (x, y), config=LearnConfig(steps=300))
    assert [
        layer.weight.shape[0] for layer in result.network if hasattr(layer, "weight") and layer.weight.dim() > 1
    ] == [
        *result.units,
        10,
    ]
    assert (result.network(x).argmax(1) == y).float().mean() > 0.95
    assert result.network[1].num_features == result.units[0]
    assert sum(result.units) < 60
    assert not result.network.training
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert result.width_curve.shape == (len(result.loss_curve), 3)


def test_equal_seeds_give_equal_bits_and_others_do_not():
    x, y = ring()
    loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
    net = nn.Sequential(*perceptron(16)[:2], nn.Dropout(0.1), perceptron(16)[2])
    for data in ((x, y), loader):
        runs = [learn_width(net, data, config=replace(FEW, seed=seed)).network[0].weight for seed in (3, 3, 4)]
        assert torch.equal(runs[0], runs[1])
        assert not (runs[0].shape == runs[2].shape and torch.equal(runs[0], runs[2]))


def test_randomness_outside_is_left_alone():
    before = torch.get_rng_state()
    learn_width(perceptron(8), ring(), config=FEW)
    assert not torch.equal(before, torch.get_rng_state())  # by perceptron, which seeds it
    torch.manual_seed(0)
    net, before = perceptron(8), torch.get_rng_state()
    learn_width(net, ring(), config=FEW)
    assert torch.equal(before, torch.get_rng_state())


class Pairs(Dataset):
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __len__(self):
        return len(self.x)

    def __getitem__(self, place):
        return self.x[place], self.y[place]


def test_every_kind_of_data_and_loss_is_taken():
    x, y = ring()
    for data in (TensorDataset(x, y), Pairs(x, y), DataLoader(Pairs(x, y), batch_size=67)):
        result = learn_width(perceptron(16), data, nn.functional.cross_entropy, FEW)
        assert (result.network(x).argmax(1) == y).float().mean() > 0.8
    labels = torch.stack([y, 1 - y], 1)
    result = learn_width(perceptron(16), (x, labels), "binary_cross_entropy", FEW)
    assert ((result.network(x) > 0) == labels).float().mean() > 0.8
    likelihood = Likelihood(lambda z, t: (z - t).square().sum(1).mean() / 2, outputs=2, scale=0.1)
    result = learn_width(perceptron(16), (x, x.abs()), likelihood, FEW)
    assert result.nat == 0.1
    assert learn_width(perceptron(16), (x, x.abs()), config=FEW).nat < 0.5  # squared errors follow their residual
    double = [part.double() if part.is_floating_point() else part for part in (x, y)]
    assert learn_width(perceptron(8).double(), double, config=FEW).network[0].weight.dtype == torch.float64


def test_a_nat_of_squared_errors_has_a_floor_where_there_is_no_noise():
    """A hundredth of the spread of the targets is resolved."""
    x = torch.linspace(-1.7, 1.7, 200)[:, None]
    result = learn_width(nn.Sequential(nn.Linear(1, 64), nn.Tanh(), nn.Linear(64, 1)), (x, x[:, 0]), config=FEW)
    assert result.nat >= 0.99e-4 * x.var(correction=0)
    coarse = replace(FEW, resolution=0.1)
    result = learn_width(nn.Sequential(nn.Linear(1, 64), nn.Tanh(), nn.Linear(64, 1)), (x, x[:, 0]), config=coarse)
    assert result.nat >= 0.99e-2 * x.var(correction=0)


def test_progress_is_told_and_its_answer_ends_the_graded_phase():
    told = []
    learn_width(perceptron(8), ring(), config=FEW, progress=lambda *now: told.append(now))
    assert told[-1][:2] == (375, 375)
    short = learn_width(perceptron(8), ring(), config=FEW, progress=lambda done, *_: done > 50)
    assert 125 < short.steps < 250


def test_a_module_that_is_too_narrow_is_told_so():
    x, y = ring()
    result = learn_width(perceptron(2), (x, y), config=replace(FEW, price=0.01))
    assert result.saturated
    assert "hidden layer 0" in result.notes[0]


class Once(DataLoader):
    """Gives its batches to the trial, to the probe and to one epoch."""

    left = 3

    def __iter__(self):
        self.left -= 1
        return super().__iter__() if self.left >= 0 else iter(())


def normed():
    return nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))


def test_single_rows_are_batches_and_one_left_over_is_not():
    x, y = ring(65)
    for size, net in ((1, perceptron(8)), (32, normed())):
        config = LearnConfig(steps=10, price=1e-3)
        assert learn_width(net, DataLoader(TensorDataset(x, y), batch_size=size), config=config).steps == 15


def test_who_has_gradients_switched_off_learns_the_same():
    x, y = ring()
    config = LearnConfig(steps=20)
    expected = learn_width(perceptron(8), (x, y), config=config).network[0].weight
    for mode in (torch.no_grad(), torch.inference_mode()):
        net = perceptron(8)
        with mode:
            assert torch.equal(learn_width(net, (x, y), config=config).network[0].weight, expected)


def test_a_loss_that_leaves_the_floats_is_told():
    x, y = ring()

    def explosive(outputs, targets):
        explosive.calls += 1
        return outputs.sum() * (1.0 if explosive.calls < 5 else torch.inf)

    explosive.calls = 0
    with pytest.raises(Diverged):
        learn_width(perceptron(8), (x, y), explosive, FEW)


X, Y = ring()
REFUSED = {
    "power": lambda: learn_width(perceptron(), (X, Y), config=LearnConfig(power=3.0)),
    "max_units": lambda: learn_width(perceptron(), (X, Y), config=LearnConfig(max_units=9)),
    "config": lambda: learn_width(perceptron(), (X, Y), config=4.0),
    "sample_weight": lambda: learn_width(perceptron(), (X, Y), sample_weight=X[:, 0]),
    "initial": lambda: learn_width(perceptron(), (X, Y), initial=perceptron()),
    "classes": lambda: learn_width(perceptron(), (X, Y), classes=3),
    "validation": lambda: learn_width(perceptron(), (X, Y), validation=(X, Y)),
    "two tensors": lambda: learn_width(perceptron(), (X, Y, Y)),
    "as many targets": lambda: learn_width(perceptron(), (X, Y[:5])),
    "finite inputs": lambda: learn_width(perceptron(), (X / 0, Y)),
    "finite targets": lambda: learn_width(perceptron(), (X, X[:, 0] / 0)),
    "a loader, got Tensor": lambda: learn_width(perceptron(), X),
    "more than 1 value": lambda: learn_width(normed(), DataLoader(TensorDataset(X, Y), batch_size=1)),
    "batches in every epoch": lambda: learn_width(perceptron(), Once(TensorDataset(X, Y), batch_size=64), config=FEW),
    "a data set with rows": lambda: learn_width(perceptron(), TensorDataset(X[:0], Y[:0], Y[:0])),
    "batches of two tensors": lambda: learn_width(perceptron(), DataLoader(TensorDataset(X))),
    "rows of numbers": lambda: learn_width(perceptron(), (X[:, None], Y)),
    "call loss": lambda: learn_width(perceptron(), (torch.cat([X, X], 1), Y)),
    "real targets": lambda: learn_width(perceptron(), (X, Y), "squared_error"),
    "targets of shape": lambda: learn_width(perceptron(), (X, X[:, 0])),
    "one of binary_cross_entropy": lambda: learn_width(perceptron(), (X, Y), "hinge"),
    "a scalar": lambda: learn_width(perceptron(), (X, Y), lambda z, t: z),
    "depends on the outputs": lambda: learn_width(perceptron(), (X, Y), lambda z, t: z.detach().mean()),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_cannot_be_learned_is_refused_with_the_reason(reason):
    with pytest.raises(BadInput) as caught:
        REFUSED[reason]()
    assert reason in str(caught.value)


def test_a_removal_that_leaves_the_range_of_floats_is_said_to_have_diverged():
    """The loss is finite at the last step; the units that stay take over what goes, in numbers that no float holds."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(2, 6), nn.Identity(), nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 3))
    x, y = torch.randn(30, 2), torch.randint(0, 3, (30,))
    config = LearnConfig(steps=1)
    assert all(part.isfinite().all() for part in learn_width(module, (x, y), config=config).network.parameters())
    with pytest.raises(Diverged, match="finite"):
        learn_width(module, (x / x.abs().max() * 2.7e38, y), config=config)
