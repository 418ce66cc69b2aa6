"""recruitment: gradients and steps against autograd and torch, gates, and the shadow against its formula."""

from dataclasses import replace

import pytest
import torch
from continuum_experiments.recruitment.arms import LEARNING_RATES, METHODS, Arm
from continuum_experiments.recruitment.gating import Gating, fractions
from continuum_experiments.recruitment.network import Networks, draw, loss_of
from continuum_experiments.recruitment.shadow import Shadow
from continuum_experiments.recruitment.stepping import Direction, Stepper
from continuum_experiments.recruitment.tasks import Rows, taught
from continuum_experiments.recruitment.training import Recipe, Trainer
from torch.testing import assert_close

from continuum.widths import Interval, gamma_derivative

UNITS, DECAY = 5, 0.3
DTYPE = torch.float64


def rows_of(kind: str, count: int = 12) -> Rows:
    taught_rows = taught(2, 0, count, DTYPE).train
    if kind == "values":
        return taught_rows
    return Rows(taught_rows.x, (taught_rows.target[:, 0] > 0).long() + (taught_rows.target[:, 0] > 1).long(), 3)


def networks(members: int, outputs: int, seed: int = 0) -> Networks:
    generator = torch.Generator().manual_seed(seed)
    shapes = (members, UNITS, 9), (members, UNITS, outputs), (members, outputs)
    return Networks(*(0.5 * torch.randn(shape, generator=generator, dtype=DTYPE) for shape in shapes))


def arm(method: str, optimizer: str = "gd", batch: str = "full", start: float = 2.25, price: float = 0.01) -> Arm:
    gamma_lr = 0.0 if method == "fixed" else 0.5
    return Arm(method, optimizer, gamma_lr, batch, "cold", start, price)  # type: ignore[arg-type]


ARMS = [arm(method) for method in METHODS]


def objective(nets: Networks, rows: Rows, gamma: torch.Tensor) -> torch.Tensor:
    """Loss + decay of every method, written out for autograd: decoupled decay is no part of it."""
    fraction = (gamma.unsqueeze(-1) - torch.arange(UNITS, dtype=DTYPE)).clamp(0, 1)
    names = [a.method for a in ARMS]
    totals = []
    for member, name in enumerate(names):
        gates = fraction[member].sqrt() if name == "square_root" else fraction[member]
        one = nets.some(slice(member, member + 1))
        loss, _ = loss_of(one.outputs(one.features(rows.x), gates.unsqueeze(0)), rows)
        squares = one.outgoing[0].square().sum(-1)
        weight = fraction[member] if name.startswith("l2") or name == "shadow" else (fraction[member] > 0).to(DTYPE)
        totals.append(loss[0] + (0.0 if name == "decoupled" else DECAY / 2) * (weight * squares).sum())
    return torch.stack(totals)


@pytest.mark.parametrize("kind", ["values", "classes"])
def test_gradients_are_those_of_autograd(kind: str) -> None:
    """All to 1e-12; in the metric of L2(E) the gradient is divided by the gate, and a wrong gate is seen."""
    rows = rows_of(kind)
    nets = networks(len(ARMS), rows.classes or 1)
    tensors = {name: getattr(nets, name).requires_grad_() for name in ("incoming", "outgoing", "bias")}
    gamma = torch.full((len(ARMS),), 2.25, dtype=DTYPE, requires_grad=True)
    exact = torch.autograd.grad(objective(nets, rows, gamma).sum(), (*tensors.values(), gamma))
    with torch.no_grad():
        gating = Gating.of(ARMS, DECAY)
        fraction, gates = fractions(gamma, UNITS), gating.gates(gamma, UNITS)
        found = nets.gradient(rows, gates)
        outgoing = gating.weight_gradient(fraction, fraction > 0, found.density, nets.outgoing)
        slopes = gating.slopes(torch.full((len(ARMS),), 2), gamma - 2, found.density, nets.outgoing)
        metric = torch.where(gating.density & (fraction > 0), fraction, 1.0).unsqueeze(-1)
    for computed, wanted in zip((found.incoming, outgoing * metric, found.bias, slopes), exact, strict=True):
        assert_close(computed, wanted, rtol=1e-11, atol=1e-12)
    assert_close(nets.density(rows, gates), found.density)
    with pytest.raises(AssertionError):
        assert_close(nets.gradient(rows, fraction.sqrt()).incoming, exact[0], rtol=1e-11, atol=1e-12)


def test_slopes_are_those_of_the_library() -> None:
    """The interval law of ``continuum.widths``, from the right, between integers and on one."""
    rows, nets = rows_of("values"), networks(len(ARMS), 1)
    gating = replace(Gating.of(ARMS, DECAY), l2=torch.zeros(len(ARMS), 1, dtype=torch.bool))
    for where in (2.25, 3.0):
        gamma = torch.full((len(ARMS),), where, dtype=DTYPE)
        found = nets.gradient(rows, gating.gates(gamma, UNITS))
        edge = gamma.floor()
        slopes = gating.slopes(edge.long(), gamma - edge, found.density, nets.outgoing)
        y = nets.features(rows.x).mT
        for member in range(len(ARMS)):
            width = Interval(UNITS, gamma[member], 0.5 if gating.root[member] else 1.0, learnable=False)
            z = (y[member] * width.gates()) @ nets.outgoing[member] + nets.bias[member]
            library = gamma_derivative(width, y[member], nets.outgoing[member], (z - rows.target) / 12, "right")
            if library.isfinite():  # the square root has an infinite slope at an integer, ours is bounded
                assert_close(slopes[member], library, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("optimizer", LEARNING_RATES)
def test_steps_are_those_of_torch(optimizer: str) -> None:
    nets = networks(2, 1)
    start = nets.outgoing.clone()
    plain = start.clone().requires_grad_()
    made = {"gd": torch.optim.SGD, "adam": torch.optim.Adam, "sign": torch.optim.SGD}[optimizer]([plain], lr=0.01)
    stepper = Stepper(nets, optimizer, 0.01, torch.tensor(0.01))  # type: ignore[arg-type]
    for step in range(4):
        gradient = torch.sin(start * (step + 3))
        stepper.step({"outgoing": gradient})
        plain.grad = gradient.sign() if optimizer == "sign" else gradient
        made.step()
    assert_close(nets.outgoing, plain.detach(), rtol=1e-12, atol=1e-14)
    with pytest.raises(AssertionError):
        assert_close(nets.outgoing, start, rtol=1e-12, atol=1e-14)


def test_gamma_by_adam_is_that_of_torch() -> None:
    """Its path along the recorded slopes; the plain direction is the slope itself."""
    slopes = torch.sin(torch.arange(12, dtype=DTYPE)).reshape(6, 2)
    gamma = torch.zeros(2, dtype=DTYPE, requires_grad=True)
    adam, direction, moved = torch.optim.Adam([gamma], lr=0.03), Direction("adam"), torch.zeros(2, dtype=DTYPE)
    for slope in slopes:
        gamma.grad = slope.clone()
        adam.step()
        moved = moved - 0.03 * direction(slope)
    assert_close(moved, gamma.detach(), rtol=1e-12, atol=1e-14)
    assert torch.equal(Direction("gd")(slopes), slopes)


class TestShadow:
    """The rule against what it stands for, with the other weights at rest."""

    LR, STEPS = 0.05, 6

    def frozen(self, optimizer: str = "gd", batch: str = "full") -> Trainer:
        """One shadow at the integer 2, whose other weights rest."""
        rows, nets = rows_of("values", 40), networks(1, 1, seed=2)
        trainer = Trainer(nets, [arm("shadow", optimizer, batch, 2.0)], rows, Recipe(100, 8, DECAY, 1))
        trainer.stepper = Stepper(nets, optimizer, self.LR, torch.tensor(0.0))  # type: ignore[arg-type]
        trainer.gamma_lr = torch.zeros(1, dtype=DTYPE)
        return trainer

    def trained(self, gate: float, optimizer: str = "gd", decay: float = DECAY) -> tuple[torch.Tensor, torch.Tensor]:
        """Loss + penalty of L2(E) after training W_2 alone on its density behind a gate, and W_2."""
        rows, nets = rows_of("values", 40), networks(1, 1, seed=2)
        gates = torch.tensor([[1.0, 1.0, gate, 0.0, 0.0]], dtype=DTYPE)
        nets.outgoing[:, 2:] = 0.0
        weight = torch.zeros(1, dtype=DTYPE, requires_grad=True)
        made = {"gd": torch.optim.SGD, "adam": torch.optim.Adam}[optimizer]([weight], lr=self.LR)
        for _ in range(self.STEPS):
            nets.outgoing[0, 2] = weight.detach()
            weight.grad = nets.density(rows, gates)[0, 2] + decay * weight.detach()
            made.step()
        nets.outgoing[0, 2] = weight.detach()
        loss, _ = loss_of(nets.outputs(nets.features(rows.x), gates), rows)
        return loss[0] + decay / 2 * gate * weight.detach().square().sum(), weight.detach()

    def walked(self, optimizer: str = "gd") -> Trainer:
        trainer = self.frozen(optimizer)
        held = {name: getattr(trainer.networks, name).clone() for name in ("outgoing", "bias")}
        for _ in range(self.STEPS):
            trainer.step(moving=True)
            trainer.networks.outgoing[:, :2] = held["outgoing"][:, :2]
            trainer.networks.bias.copy_(held["bias"])
        return trainer

    @pytest.mark.parametrize("optimizer", ["gd", "adam"])
    def test_right_derivative_is_the_slope_of_the_loss_after_training(self, optimizer: str) -> None:
        """C_T(k + a) - C_T(k) over a at a = 1e-6: its curvature is of order 1, so that 1e-5 leaves room."""
        trainer, rows = self.walked(optimizer), rows_of("values", 40)
        density = trainer.networks.density(rows, trainer.gating.gates(trainer.gamma, UNITS))
        slope = trainer._slope(trainer.gamma.floor(), density, trainer.networks) - 0.01
        quotient = (self.trained(1e-6, optimizer)[0] - self.trained(0.0, optimizer)[0]) / 1e-6
        assert_close(slope[0], quotient, rtol=0, atol=1e-5)
        assert float(slope) < -1e-3  # a capacity gradient, not the 0 of an untrained unit
        with pytest.raises(AssertionError):
            assert_close(slope[0] / 2, quotient, rtol=0, atol=1e-5)

    def test_weights_are_minus_the_summed_density(self) -> None:
        """W_T = -lr sum (1 - lr lambda)^(T - 1 - t) D: with all else at rest the density D is constant."""
        trainer, rows = self.walked(), rows_of("values", 40)
        density = trainer.networks.density(rows, trainer.gating.gates(trainer.gamma, UNITS))[0, 2]
        total = sum((1 - self.LR * DECAY) ** t for t in range(self.STEPS))
        assert_close(trainer.networks.outgoing[0, 2], -self.LR * total * density, rtol=1e-10, atol=1e-14)
        assert_close(trainer.networks.outgoing[0, 2], self.trained(0.0)[1], rtol=1e-10, atol=1e-14)
        with pytest.raises(AssertionError):  # without the decay
            assert_close(trainer.networks.outgoing[0, 2], self.trained(0.0, decay=0.0)[1], rtol=1e-10, atol=1e-14)

    def test_output_does_not_see_it(self) -> None:
        trainer = self.walked()
        x = rows_of("values", 40).x
        gates = trainer.gating.gates(trainer.gamma, UNITS)
        with_shadow = trainer.networks.outputs(trainer.networks.features(x), gates)
        assert float(trainer.networks.outgoing[0, 2].abs()) > 1e-3
        trainer.networks.outgoing[:, 2] = 0.0
        assert torch.equal(with_shadow, trainer.networks.outputs(trainer.networks.features(x), gates))

    def test_it_is_judged_on_other_rows_than_those_that_train_it(self) -> None:
        trainer = self.frozen(batch="minibatch")
        first, second = trainer._rows(0), trainer._rows(1)
        assert not torch.equal(first.x, second.x)

    def test_gamma_recruits_a_unit_that_pays_and_stops_at_one_that_does_not(self) -> None:
        ends = []
        for price in (1e-3, 10.0):
            trainer = self.frozen()
            trainer.gamma_lr, trainer.price = torch.full((1,), 0.5, dtype=DTYPE), torch.full((1,), price, dtype=DTYPE)
            for _ in range(60):
                trainer.step(moving=True)
            ends.append(float(trainer.gamma))
        assert ends[0] > 2.5
        assert ends[1] < 1.5


@pytest.mark.parametrize(
    ("gamma", "left", "right", "moved"),
    [
        (2.0, -1, 1, 2.0),
        (2.0, 1, 2, 1.5),
        (2.0, -1, -2, 3.0),
        (2.0, 1, -0.5, 1.5),
        (2.25, -9, -9, 3.0),
        (2.25, 9, 9, 2.0),
    ],
)
def test_gamma_stops_at_integers(gamma: float, left: float, right: float, moved: float) -> None:
    values = (torch.tensor([value], dtype=DTYPE) for value in (gamma, left, right, 0.5))
    assert float(Shadow(torch.tensor([True])).moved(*values)) == moved


def run_arms(chosen: list[Arm], steps: int, spread: float = 0.2) -> tuple[torch.Tensor, Networks]:
    rows = rows_of("values", 40)
    nets = draw(len(chosen), UNITS, 8, 1, seed=3, spread=spread, dtype=DTYPE)
    return Trainer(nets, chosen, rows, Recipe(steps, 8, DECAY, 1)).run().gamma, nets


def test_identities_that_are_no_predictions() -> None:
    """Descent: a decoupled decay is the coupled one. Signs: the metric of L2(E) is its penalty."""
    descent, nets = run_arms([arm("linear"), arm("decoupled"), arm("l2_metric")], 40)
    assert_close(descent[0], descent[1], rtol=1e-9, atol=0)
    assert_close(nets.outgoing[0], nets.outgoing[1], rtol=1e-9, atol=1e-12)
    assert abs(float(descent[0] - descent[2])) > 1e-4
    signs, _ = run_arms([arm("l2_penalty", "sign"), arm("l2_metric", "sign"), arm("linear", "sign")], 40)
    assert_close(signs[0], signs[1], rtol=1e-9, atol=0)
    assert abs(float(signs[0] - signs[2])) > 1e-4


def test_a_coupled_decay_closes_the_escape_of_adam() -> None:
    """Behind a gate of 1e-4 Adam follows the decay, which is not gated; decoupled, or in L2(E), it trains the unit.

    After 150 steps of .01 the weight has gone to 0 from about .2, within two steps, or has grown along the density.
    """
    held = [replace(arm(name, "adam", start=2 + 1e-4), gamma_lr=0.0) for name in ("linear", "decoupled", "l2_penalty")]
    _, nets = run_arms(held, 150)
    rows, gates = rows_of("values", 40), fractions(torch.full((3,), 2 + 1e-4, dtype=DTYPE), UNITS)
    gain = (nets.density(rows, gates)[:, 2] * nets.outgoing[:, 2]).sum(-1)
    assert float(nets.outgoing[0, 2].abs()) < 0.02
    assert (nets.outgoing[1:, 2].abs() > 0.05).all()
    assert (gain[1:] < -1e-3).all()
    assert float(gain[0].abs()) < float(gain[1:].abs().min()) / 5


def test_a_member_does_not_depend_on_its_company() -> None:
    alone, together = (
        run_arms([arm("l2_metric", batch="minibatch")], 30),
        run_arms([arm("linear", batch="minibatch"), arm("l2_metric", batch="minibatch")], 30),
    )
    assert_close(alone[0][0], together[0][1], rtol=1e-10, atol=0)


def test_fixed_widths_rest_and_closed_units_are_untouched() -> None:
    gamma, nets = run_arms([arm("fixed", start=3.0), arm("linear", start=1.5, price=1.0)], 20)
    fresh = draw(2, UNITS, 8, 1, seed=3, spread=0.2, dtype=DTYPE)
    assert float(gamma[0]) == 3.0
    assert torch.equal(nets.outgoing[0, 3:], fresh.outgoing[0, 3:])
    assert not torch.equal(nets.outgoing[0, :3], fresh.outgoing[0, :3])
