"""A run that goes on from the units of a network at hand."""

from dataclasses import replace

import numpy as np
from torch import nn

from continuum.errors import BadInput
from continuum.learn.network import NetworkWeights, weights_of
from continuum.learn.task import Task
from continuum.nn.skip import Skip


def started(task: Task, initial: nn.Sequential) -> Task:
    """The task that starts from these units; raises ``BadInput`` where the network is of another kind."""
    if task.config.method != "graded":
        came, remedy = repr(task.config.method), "the other methods start afresh"
        raise BadInput("method", expected="graded, with an initial network", came=came, remedy=remedy)
    if not isinstance(initial, nn.Sequential) or not len(initial):
        came, remedy = type(initial).__name__, "give the network of a result"
        raise BadInput("initial", expected="an nn.Sequential with layers", came=came, remedy=remedy)
    body = initial[0].body if len(initial) == 1 and isinstance(initial[0], Skip) else initial
    if (kinds := ", ".join(type(layer).__name__ for layer in body)) != (expected := _kinds(task)):
        raise BadInput("initial", expected=expected, came=kinds, remedy="give the network of a result of such a run")
    weights = weights_of(initial)
    features, outputs = weights.incoming.shape[1] - 1, weights.outgoing[-1].shape[1]
    if (features, outputs) != (task.shape[0], task.shape[2]) or max(weights.units) > task.config.max_units:
        needed = f"{task.shape[0]} features, {task.shape[2]} outputs and at most {task.config.max_units} units a layer"
        shown = f"{features}, {outputs} and {', '.join(map(str, weights.units))}"
        raise BadInput("initial", expected=needed, came=shown, remedy="start afresh")
    dtype = task.rows.x.dtype
    arrays = NetworkWeights(
        weights.incoming.astype(dtype),
        [block.astype(dtype) for block in weights.outgoing],
        [bias.astype(dtype) for bias in weights.biases],
        None if weights.skip is None else weights.skip.astype(dtype),
    )
    if not arrays.units[0]:  # a line alone; a silent unit has the shape of those that are drawn in its place
        arrays.incoming = np.zeros((1, features + 1), dtype)
        arrays.outgoing[0] = np.zeros((1, arrays.outgoing[0].shape[1]), dtype)
    if task.activation == "relu":
        _balance(arrays)
    return replace(task, initial=arrays)


def _kinds(task: Task) -> str:
    """Names of the layers of such a network."""
    hidden = ["Linear", "Tanh" if task.activation == "tanh" else "ReLU"] * task.config.hidden_layers
    return ", ".join([*hidden, "Linear"])


def _balance(weights: NetworkWeights) -> None:
    """Incoming weights of length 1, as rectifiers have them here; the function stays, for what is behind makes up."""
    into = weights.incoming
    for layer, block in enumerate(weights.outgoing):
        if layer:
            before, bias = weights.outgoing[layer - 1], weights.biases[layer - 1]
            length = np.sqrt(np.square(before).sum(0) + np.square(bias))
            length[length == 0] = 1
            before /= length
            bias /= length
        else:
            length = np.sqrt(np.square(into).sum(1))
            length[length == 0] = 1
            into /= length[:, None]
        block *= length[:, None]
