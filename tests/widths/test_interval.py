"""The interval law: its values, its one-sided derivatives, and wrong variants that the same checks reject."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.func import functional_call, jacfwd, jacrev
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.widths import Interval
from proofs_checks import strategies
from tests.contracts import WidthContract
from tests.widths.problem import TOLERANCE, clip_gates, one_sided, problem

UNITS = 5
EXPONENTS = [0.5, 1.0, 2.0, 3.0]
SIDES = ["right", "left"]
BEYOND = 0.75
BELOW, ABOVE = -BEYOND, UNITS + BEYOND

exponents = pytest.mark.parametrize("exponent", EXPONENTS)
sides = pytest.mark.parametrize("side", SIDES)
gammas = strategies.gammas(UNITS, subnormal=True)


def law(gamma, exponent: float = 1.0, units: int = UNITS, **options) -> Interval:
    """A law in float64 whose gamma may lie beyond the ends, where only an optimiser can bring it."""
    value = torch.as_tensor(gamma, dtype=torch.float64)
    width = Interval(units, value.clip(0, units), exponent, **options)
    with torch.no_grad():
        width.gamma.copy_(value)
    return width


class TestInterval(WidthContract):
    exponent, side = 1.0, "right"

    def make(self, batch=(), dtype=torch.float64, *, learnable=True):
        whole = torch.randint(self.units, batch)
        gamma = whole + 0.05 + 0.9 * torch.rand(batch, dtype=dtype)
        return Interval(self.units, gamma, self.exponent, learnable=learnable, side=self.side)

    def edge_cases(self):
        gammas = [BELOW, 0.0, 1e-300, 1.0, 2.0, np.nextafter(3.0, 0), self.units, ABOVE]
        return [law(gamma, self.exponent, side=self.side) for gamma in [*gammas, gammas]]


class TestRoot(TestInterval):
    exponent = 0.5


class TestSquareFromTheLeft(TestInterval):
    exponent, side = 2.0, "left"


class TestValues:
    @given(gammas, st.sampled_from(SIDES))
    def test_gates_are_the_clipped_distance(self, gamma, side):
        gates = law(gamma, side=side).gates().detach().numpy()
        assert (gates == np.clip(gamma - np.arange(UNITS), 0, 1)).all()

    @exponents
    @sides
    @given(gamma=strategies.gammas(UNITS, beyond=BEYOND, subnormal=True))
    def test_gates_are_its_power_on_both_ends_and_beyond(self, exponent, side, gamma):
        gates = law(gamma, exponent, side=side).gates().detach().numpy()
        np.testing.assert_allclose(gates, np.clip(gamma - np.arange(UNITS), 0, 1) ** exponent, rtol=1e-15, atol=0)

    @given(gammas)
    def test_cardinality_is_gamma(self, gamma):
        assert law(gamma).cardinality().item() == pytest.approx(gamma, rel=1e-15)

    @given(strategies.gridded(UNITS, 64), strategies.vectors(-10, 10, 2 * UNITS, 2 * UNITS))
    def test_gated_sum_is_the_integral_over_the_interval(self, gamma, values):
        y, w = values.numpy().reshape(2, UNITS)
        gates = law(gamma).gates().detach().numpy()
        assert gates @ (y * w) == pytest.approx(quadrature(y * w, round(64 * gamma)), rel=1e-12, abs=1e-11)

    def test_quadrature_rejects_wrong_tiles(self):
        contributions, cells = np.array([1.0, -2.0, 0.5, 3.0, -1.0]), 64 * 2 + 16
        integral = quadrature(contributions, cells)
        gates = law(cells / 64).gates().detach().numpy()
        assert gates @ contributions == pytest.approx(integral, rel=1e-14)
        assert gates[1:] @ contributions[1:] != pytest.approx(integral, rel=0.1)  # a sum from unit 1
        assert np.ceil(gates) @ contributions != pytest.approx(integral, rel=0.1)  # the whole last tile
        assert gates[:-1] @ contributions[1:] != pytest.approx(integral, rel=0.1)  # unit k + 1

    @pytest.mark.parametrize("gamma", [0.0, 0.25, 1.0])
    def test_a_single_unit(self, gamma):
        assert law(gamma, units=1).gates().tolist() == [gamma]

    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32])
    def test_many_units_in_low_precision(self, dtype):
        units = 4096  # whose indices bfloat16 and float16 cannot tell apart
        for gamma in [256.0, 300.0, 1024.0, 2064.0, 4096.0]:
            width = Interval(units, torch.tensor(gamma, dtype=dtype))
            gates = width.gates()
            assert gates.dtype == dtype
            assert gates.float().sum() == gamma
            gates.backward(torch.ones_like(gates))
            assert width.gamma.grad == (gamma < units)

    @pytest.mark.parametrize("gamma", [2, 2.0, torch.tensor(2), torch.tensor([2, 3])], ids=str)
    @pytest.mark.usefixtures("unchecked")
    def test_whole_numbers_get_the_default_dtype(self, gamma):
        assert Interval(4, gamma).gates().dtype == torch.get_default_dtype()

    def test_gamma_is_copied(self):
        given_gamma = torch.tensor([1.0, 2.0], requires_grad=True)
        width = Interval(4, given_gamma)
        with torch.no_grad():
            width.gamma.zero_()
        assert given_gamma.tolist() == [1.0, 2.0]
        assert width.gamma.is_leaf
        assert not Interval(4, given_gamma, learnable=False).gamma.requires_grad

    def test_learnable_or_not(self):
        learnt, fixed = Interval(4, 2.5), Interval(4, 2.5, learnable=False)
        assert [name for name, _ in learnt.named_parameters()] == ["gamma"]
        assert list(learnt.buffers()) == []
        assert list(fixed.parameters()) == []
        assert [name for name, _ in fixed.named_buffers()] == ["gamma"]
        assert learnt.gates().requires_grad
        assert not fixed.gates().requires_grad
        fixed.load_state_dict(learnt.state_dict(), strict=True)


def quadrature(contributions: np.ndarray, cells: int) -> float:
    """Midpoint rule for the integral over [0, cells/64] of the function that is contributions[k] on [k, k+1)."""
    middles = (np.arange(cells) + 0.5) / 64
    return float(contributions[np.floor(middles).astype(int)].sum() / 64)


class TestActive:
    @given(gammas)
    def test_active_counts_the_units_that_matter(self, gamma):
        width = law(gamma)
        assert int(width.active()) == int(width.active("right")) == min(UNITS, np.floor(gamma) + 1)
        assert int(width.active("left")) == np.ceil(gamma)

    def test_a_batch_beyond_the_ends(self):
        width = law([[BELOW, 0.0, 0.5], [1.0, 5.0, ABOVE]])
        assert width.active().tolist() == [[0, 1, 1], [2, 5, 5]]
        assert width.active("left").tolist() == [[0, 0, 1], [1, 5, 5]]

    @exponents
    @sides
    @given(gamma=strategies.gammas(UNITS, beyond=BEYOND, subnormal=True))
    def test_units_beyond_have_no_gate_and_no_slope(self, exponent, side, gamma):
        width = law(gamma, exponent, side=side)
        active = int(width.active(side))
        assert not width.gates()[active:].any()
        assert not width.slope()[active:].any()


def check_gradient(gates, gamma: float, side: str, exponent: float = 1.0) -> None:
    """The gradient through ``gates(gamma)`` is the one-sided derivative of the loss by the definition of the law."""
    p, point = problem(UNITS), torch.tensor(float(gamma), dtype=torch.float64, requires_grad=True)
    assert_close(gates(point), clip_gates(point, UNITS, exponent), rtol=1e-14, atol=1e-14)
    (actual,) = torch.autograd.grad(p.loss(gates(point)), point)
    expected = one_sided(lambda g: p.loss(clip_gates(g, UNITS, exponent)), point, side)
    assert_close(actual, expected, rtol=TOLERANCE, atol=TOLERANCE)


def shipped(side: str, exponent: float = 1.0):
    width = law(1.0, exponent, side=side)
    return lambda gamma: torch.func.functional_call(width, {"gamma": gamma}, ())


def clamped(gamma: Tensor) -> Tensor:
    return torch.clamp(gamma - torch.arange(UNITS), 0, 1)


def closed_tiles(gamma: Tensor) -> Tensor:
    """Tiles [i, i+1] that share their ends."""
    i = torch.arange(UNITS)
    return torch.where((i <= gamma) & (gamma <= i + 1), gamma - i, (gamma > i + 1).double())


def next_unit(gamma: Tensor) -> Tensor:
    i, k = torch.arange(UNITS), gamma.detach().floor()
    return (i < k) + (i == k + 1) * (gamma - k)


def whole_tile(gamma: Tensor) -> Tensor:
    return (torch.arange(UNITS) <= gamma.detach().floor()) + 0 * gamma


WRONG = {"clamp": clamped, "closed tiles": closed_tiles, "unit k+1": next_unit, "whole tile": whole_tile}
INTERIOR = [(name, gamma, side) for name in WRONG for gamma in range(1, UNITS) for side in SIDES]
ENDS = [(name, *end) for name in ("clamp", "closed tiles") for end in [(0, "left"), (UNITS, "right")]]
#: Where the gate and its one-sided derivative are finite.
FINITE = [
    (gamma, side, exponent)
    for gamma in [0.25, 1.5, 3.9, *range(UNITS + 1), BELOW, ABOVE]
    for side in SIDES
    for exponent in EXPONENTS
    if not (exponent < 1 and side == "right" and gamma in range(UNITS))
]


class TestDerivative:
    @pytest.mark.parametrize(("gamma", "side", "exponent"), FINITE)
    def test_autograd_is_the_one_sided_derivative(self, gamma, side, exponent):
        check_gradient(shipped(side, exponent), gamma, side, exponent)

    @pytest.mark.parametrize(("name", "gamma", "side"), INTERIOR + ENDS)
    def test_the_check_rejects_wrong_gates(self, name, gamma, side):
        with pytest.raises(AssertionError):
            check_gradient(WRONG[name], gamma, side)

    @pytest.mark.parametrize("gamma", range(1, UNITS))
    @pytest.mark.parametrize(("claimed", "actual"), [("left", "right"), ("right", "left")])
    def test_the_check_tells_the_sides_apart(self, gamma, claimed, actual):
        with pytest.raises(AssertionError):
            check_gradient(shipped(actual), gamma, claimed)

    @pytest.mark.parametrize("gamma", range(1, UNITS))
    def test_clamp_gives_the_sum_of_both_sides(self, gamma):
        p, point = problem(UNITS), torch.tensor(float(gamma), dtype=torch.float64, requires_grad=True)
        both = sum(p.by_autograd(law(gamma, side=side)) for side in SIDES)
        for gates in (clamped, closed_tiles):
            assert_close(torch.autograd.grad(p.loss(gates(point)), point)[0], both, rtol=1e-13, atol=1e-14)

    @exponents
    @pytest.mark.parametrize(("gamma", "side"), [(0.0, "left"), (UNITS, "right"), (BELOW, "right"), (ABOVE, "left")])
    def test_the_outward_derivative_is_exactly_zero(self, gamma, side, exponent):
        width = law(gamma, exponent, side=side)
        width.gates().backward(torch.randn(UNITS, dtype=torch.float64))
        assert width.gamma.grad == 0
        assert not width.slope().any()

    @exponents
    def test_an_optimiser_may_push_gamma_out(self, exponent):
        width = law([0.5, UNITS - 0.5], exponent)
        optimiser = torch.optim.SGD(width.parameters(), lr=3.0)
        for _ in range(2):  # the second step starts outside, where nothing pulls any more
            optimiser.zero_grad()
            (width.cardinality() * torch.tensor([1.0, -1.0])).sum().backward()
            optimiser.step()
        assert width.gamma[0] < 0
        assert width.gamma[1] > UNITS
        assert not width.gamma.grad.any()
        assert width.gates().tolist() == [[0.0] * UNITS, [1.0] * UNITS]

    @exponents
    @sides
    @pytest.mark.parametrize("shape", [(), (3,), (2, 3)], ids=str)
    def test_slope_is_the_jacobian_of_the_gates(self, shape, side, exponent):
        values = torch.tensor([0.5, 2.0, 4.25, 1.0, 5.0, 0.0], dtype=torch.float64)
        if exponent < 1:
            values = values.where(values.frac() != 0, values + 0.125).clip(max=UNITS)
        width = law(values[: max(1, int(np.prod(shape)))].reshape(shape), exponent, side=side)
        jacobian = torch.stack(
            [torch.autograd.grad(width.gates()[..., i].sum(), width.gamma)[0] for i in range(UNITS)], dim=-1
        )
        assert jacobian.shape == (*shape, UNITS)
        assert_close(width.slope(), jacobian, rtol=1e-14, atol=0)
        assert_close(width.slope(side), jacobian, rtol=1e-14, atol=0)

    @pytest.mark.parametrize("exponent", [0.5, 1.5, 2.0, 3.0])
    def test_second_backward_pass_at_an_integer_without_influence(self, exponent):
        width, influence = law(2.0, exponent), torch.zeros(UNITS, dtype=torch.float64, requires_grad=True)
        (first,) = torch.autograd.grad((width.gates() * influence).sum(), width.gamma, create_graph=True)
        (second,) = torch.autograd.grad(first, width.gamma)
        assert first == second == 0

    @pytest.mark.parametrize("exponent", [1.0, 2.0, 3.0])
    # PyTorch itself scripts its forward derivatives, and then warns of that.
    @pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")
    def test_forward_mode_equals_reverse_mode(self, exponent):
        width = law([0.0, 1.0, 2.5], exponent)

        def gates(gamma):
            return functional_call(width, {"gamma": gamma}, ())

        gamma = width.gamma.detach()
        assert_close(jacfwd(gates)(gamma), jacrev(gates)(gamma), rtol=1e-15, atol=0)


class TestRootAtIntegers:
    """For exponents below 1 the right derivative of the gate is +inf at an integer."""

    @pytest.mark.parametrize("exponent", [0.5, 0.75])
    @pytest.mark.parametrize("gamma", range(UNITS))
    def test_infinite_with_the_sign_of_what_the_unit_does(self, gamma, exponent):
        for sign in (1.0, -1.0):
            width = law(gamma, exponent)
            (width.gates() * sign).sum().backward()
            assert width.gamma.grad == sign * torch.inf
        assert width.slope()[gamma] == torch.inf
        assert width.slope().isfinite().sum() == UNITS - 1

    @pytest.mark.parametrize("gamma", range(UNITS))
    def test_exactly_zero_where_the_unit_does_nothing(self, gamma):
        width, upstream = law(gamma, 0.5), torch.randn(UNITS, dtype=torch.float64)
        upstream[gamma] = 0
        width.gates().backward(upstream)
        assert width.gamma.grad == 0

    def test_difference_quotients_grow_like_the_inverse_root(self):
        p, gamma = problem(UNITS), torch.tensor(2.0, dtype=torch.float64)
        steps = 10.0 ** torch.arange(-6.0, -11.0, -1, dtype=torch.float64)
        losses = torch.stack([p.loss(clip_gates(gamma + step, UNITS, 0.5)) for step in steps])
        quotients = (losses - p.loss(clip_gates(gamma, UNITS, 0.5))) / steps
        slope = np.polyfit(steps.log().numpy(), quotients.abs().log().numpy(), 1)[0]
        assert slope == pytest.approx(-0.5, abs=0.001)
        assert p.by_autograd(law(2.0, 0.5)) == torch.inf * quotients[-1].sign()

    @pytest.mark.parametrize("silent", [True, False])
    def test_no_nan_in_a_backward_pass(self, silent):
        p, width = problem(UNITS), law([0.0, 1.0, 2.0, 2.5, 5.0], 0.5)
        weights = p.weights.repeat(5, 1, 1)
        if silent:
            weights[[0, 1, 2], [0, 1, 2]] = 0
        weights.requires_grad_()
        output = (width.gates().unsqueeze(-2) * p.activations) @ weights
        p.losses(output).sum().backward()
        assert weights.grad.isfinite().all()
        assert not width.gamma.grad.isnan().any()
        assert width.gamma.grad.isfinite().tolist() == [silent, silent, silent, True, True]
        if silent:
            assert not width.gamma.grad[:3].any()

    @exponents
    @pytest.mark.parametrize("gamma", [2.25, 3.75])
    def test_second_derivative_where_the_first_is_zero(self, gamma, exponent):
        """L = (m_k - m_k(gamma))^2 / 2 is at its minimum, where L' = 0 but L'' = m_k'(gamma)^2."""
        width = law(gamma, exponent)
        goal = width.gates().detach()
        loss = (width.gates() - goal).square().sum() / 2
        (first,) = torch.autograd.grad(loss, width.gamma, create_graph=True)
        (second,) = torch.autograd.grad(first, width.gamma)
        assert first == 0
        assert_close(second, width.slope().square().sum(), rtol=1e-14, atol=0)


BAD = {
    "units 0": ({"units": 0}, "units: expected an integer >= 1, got 0; give 1 or more"),
    "units -1": ({"units": -1}, "units: expected an integer >= 1, got -1; give 1 or more"),
    "units 2.5": ({"units": 2.5}, "units: expected an integer >= 1, got 2.5; give 1 or more"),
    "units True": ({"units": True}, "units: expected an integer >= 1, got True; give 1 or more"),
    "gamma negative": ({"gamma": -0.5}, "gamma: expected widths in [0, 4], got -0.5; lower gamma or allocate"),
    "gamma beyond": ({"gamma": 4.5}, "gamma: expected widths in [0, 4], got 4.5; lower gamma or allocate more units"),
    "gamma NaN": ({"gamma": float("nan")}, "gamma: expected widths in [0, 4], got nan; "),
    "gamma inf": ({"gamma": float("inf")}, "gamma: expected widths in [0, 4], got inf; lower gamma or"),
    "one gamma of many": ({"gamma": torch.tensor([[1.0, 2.0], [5.0, 6.0]])}, "expected widths in [0, 4], got 5.0; "),
    "exponent 0": ({"exponent": 0.0}, "exponent: expected a finite number > 0, got 0.0; 1 is the interval law"),
    "exponent negative": ({"exponent": -1.0}, "exponent: expected a finite number > 0, got -1.0; 1 is"),
    "exponent NaN": ({"exponent": float("nan")}, "exponent: expected a finite number > 0, got nan; 1 is"),
    "exponent inf": ({"exponent": float("inf")}, "exponent: expected a finite number > 0, got inf; 1 is"),
    "side": ({"side": "up"}, "side: expected one of left, right, got 'up'; choose among these sides"),
    "side misspelt": ({"side": "rihgt"}, "side: expected one of left, right, got 'rihgt'; did you mean right?"),
}


@pytest.mark.usefixtures("unchecked")
class TestBadInput:
    @pytest.mark.parametrize(("arguments", "message"), BAD.values(), ids=BAD)
    def test_message_names_what_was_expected_what_came_and_the_remedy(self, arguments, message):
        with pytest.raises(BadInput) as raised:
            Interval(**({"units": 4, "gamma": 2.0} | arguments))
        error = raised.value
        assert message in str(error)
        assert error.expected
        assert str(error.came)
        assert error.remedy

    @pytest.mark.parametrize("method", ["edge", "slope", "active"])
    @pytest.mark.parametrize("side", ["up", ""])
    def test_methods_know_their_sides(self, method, side):
        with pytest.raises(BadInput, match="expected one of left, right"):
            getattr(law(2.0), method)(side)

    @pytest.mark.parametrize("gamma", [0.0, 4.0, torch.tensor([0.0, 4.0])], ids=str)
    def test_both_ends_are_good(self, gamma):
        assert Interval(4, gamma).gates().sum() in (0, 4)
