"""Orders of the capacity loss beside an integer under gradient descent, for three masks."""

from functools import partial

import torch

from proofs_checks.identity import Asymptote, Rate
from proofs_checks.network import Network
from proofs_checks.shipped import Engine
from proofs_checks.training import Descent, capacity_loss, curvature, gates_at, mirrored

UNITS, FRESH = 3, 2

SHOWN = Network(
    inputs=torch.tensor([[1.0, 0.5], [-0.5, 1.0], [0.25, -1.0]], dtype=torch.float64),
    incoming=torch.tensor([[1.0, -0.5, 0.75], [0.5, 1.0, -1.0]], dtype=torch.float64),
    outgoing=torch.tensor([[1.0], [-0.5], [0.75]], dtype=torch.float64),
    targets=torch.tensor([[1.0], [-1.0], [2.0]], dtype=torch.float64),
)
TRAINING = Descent(0.25, 6)
KAPPA = curvature(SHOWN, SHOWN, FRESH, TRAINING)


def gain(a: float, exponent: float) -> float:
    """C_T(k + a) - C_T(k) of SHOWN through the shipped gates."""
    gates = [gates_at(torch.tensor(FRESH + part), UNITS, exponent) for part in (a, 0.0)]
    wide, narrow = (capacity_loss(SHOWN, SHOWN, m, FRESH, TRAINING).item() for m in gates)
    return wide - narrow


def engine_gain(a: float, exponent: float) -> float:
    """The same by the engine, which also trains biases."""

    def trained(network: Network, gamma: float) -> float:
        engine = Engine.of(network, gamma, lr=0.25, exponent=exponent)
        for _ in range(6):
            engine.step()
        return engine.loss().item()

    runs = [SHOWN, mirrored(SHOWN, FRESH)]
    return sum(trained(run, FRESH + a) - trained(run, FRESH) for run in runs) / 2


def masks() -> tuple[Rate, ...]:
    """Orders 2p with the same constant kappa_T; the engine has biases, hence another constant."""
    witnesses = [
        Rate(
            name=f"C_T(k+a) - C_T(k), mask a^{p}",
            scales=scale,
            error=partial(gain, exponent=p),
            claim=Asymptote(2 * p, KAPPA),
            wrong={
                "first order for every mask": Asymptote(1.0 if p != 0.5 else 2.0),
                "twice": Asymptote(2 * p, 2 * KAPPA),
            },
        )
        for p, scale in ((1.0, [1e-2, 3e-3, 1e-3]), (0.5, [1e-4, 1e-5, 1e-6]), (0.25, [1e-8, 1e-10, 1e-12]))
    ]
    witnesses += [
        Rate(
            name=f"engine, mask a^{p}",
            scales=scale,
            error=partial(engine_gain, exponent=p),
            claim=Asymptote(2 * p),
            wrong={"other order": Asymptote(3 - 2 * p)},
        )
        for p, scale in ((1.0, [1e-2, 1e-3]), (0.5, [1e-4, 1e-6]))
    ]
    return tuple(witnesses)
