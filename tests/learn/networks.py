"""A network of random weights, rows for it, and its gradient by autograd."""

from itertools import pairwise

import numpy as np
import torch

from continuum.learn.network import NetworkWeights, sequential

SIZES = {1: [4, 7, 3], 2: [4, 7, 5, 3], 3: [4, 7, 5, 6, 3]}


def sample(layers, seed=0, skip=False):
    random = np.random.default_rng(seed)
    sizes = SIZES[layers]
    blocks = [random.normal(size=pair) for pair in pairwise(sizes[1:])]
    weights = NetworkWeights(
        random.normal(size=(sizes[1], sizes[0] + 1)), blocks, [random.normal(size=s) for s in sizes[2:]]
    )
    x = np.concatenate([random.normal(size=(11, sizes[0])), np.ones((11, 1))], 1)
    rows = np.eye(3)[random.integers(0, 3, 11)], random.uniform(0.5, 2, (11, 1))
    if skip:
        weights.skip = random.normal(size=(sizes[0], sizes[-1]))
    return weights, x, *rows


def by_autograd(weights, x, y, importance, activation, loss):
    network = sequential(weights, activation)
    outputs, target = network(torch.from_numpy(x[:, :-1])), torch.from_numpy(y)
    rows = (
        -(outputs.log_softmax(1) * target).sum(1) if loss == "cross_entropy" else (outputs - target).square().sum(1) / 2
    )
    (rows * torch.from_numpy(importance[:, 0])).mean().backward()
    linear = [layer for layer in network.modules() if isinstance(layer, torch.nn.Linear)]
    straight = [] if weights.skip is None else [linear.pop().weight.grad.T]
    first = torch.cat([linear[0].weight.grad, linear[0].bias.grad[:, None]], 1)
    layers = (*(layer.weight.grad.T for layer in linear[1:]), *(layer.bias.grad for layer in linear[1:]))
    return [first, *layers, *straight]
