"""The fuzzy law: its constraint, its couplings, its dimension, and what it refuses."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.func import functional_call, vmap
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.widths import Interval
from continuum.widths.fuzzy import MODES, Fuzzy
from proofs_checks import strategies
from tests.contracts import WidthContract, state

SAMPLED = [mode for mode in MODES if mode != "scale"]
sampled = pytest.mark.parametrize("mode", SAMPLED)
UNITS = 6


def law(scores, total, **options) -> Fuzzy:
    """A law in float64 with scores that need not be grades."""
    scores = torch.as_tensor(scores, dtype=torch.float64)
    total = torch.as_tensor(total, dtype=torch.float64).expand(scores.shape[:-1])
    width = Fuzzy(scores.shape[-1], total.clip(0, scores.shape[-1]), **options)
    with torch.no_grad():
        width.scores.copy_(scores)
        width.total.copy_(total)
    return width


class TestFuzzy(WidthContract):
    ordered, exponent, mode, side, spread = False, 1.0, "scale", "right", 0.5

    setting = "total"

    def make(self, batch=(), dtype=torch.float64, *, learnable=True):
        total = 1.2 + 2.6 * torch.rand(batch, dtype=dtype)
        options = {"exponent": self.exponent, "mode": self.mode, "side": self.side}
        width = Fuzzy(self.units, total, learnable=learnable, **options).eval()
        torch.nn.init.normal_(width.scores, std=self.spread)
        return width

    def edge_cases(self):
        crisp, ties, zeros = [9.0, 7.0, 0.0, -5.0, -5.0], [1.0, 0.5, 0.5, 0.0, -0.5], [0.0] * 5
        totals = [-0.5, 0.0, 1e-300, 1.0, 2.0, 2.5, math.nextafter(3.0, 0), 5.0, 5.5]
        options = {"exponent": self.exponent, "side": self.side, "learnable": True}
        return [law(scores, total, **options).eval() for scores in (crisp, ties, zeros) for total in totals]


class TestRoot(TestFuzzy):
    exponent, spread = 0.5, 0.1  # away from grades of 0, where the slope is infinite


class TestSystematicFromTheLeft(TestFuzzy):
    mode, side = "systematic", "left"


class TestConstraint:
    @given(strategies.vectors(-50, 50), strategies.numbers(0, 1, subnormal=True), st.sampled_from(MODES))
    def test_grades_sum_to_the_cardinality(self, scores, fraction, mode):
        total = fraction * len(scores)
        width = law(scores, total, mode=mode)
        assert_close(width.cardinality().item(), total, rtol=0, atol=1e-13)
        assert_close(width.dimension().item(), total, rtol=0, atol=1e-13)

    @given(strategies.gridded(UNITS, 1000), st.sampled_from(["right", "left"]))
    def test_scores_a_unit_apart_give_the_interval_law(self, gamma, side):
        value = torch.tensor(gamma, dtype=torch.float64)
        width = law(-3 * torch.arange(UNITS), value, learnable=True, side=side)
        interval = Interval(UNITS, value, side=side)
        assert_close(width.gates(), interval.gates(), rtol=0, atol=1e-13)
        weights = torch.arange(1.0, UNITS + 1, dtype=torch.float64)
        (gradient,) = torch.autograd.grad(width.gates() @ weights, width.total)
        (exact,) = torch.autograd.grad(interval.gates() @ weights, interval.gamma)
        assert_close(gradient, exact, rtol=1e-13, atol=0)

    def test_the_constraint_moves(self):
        width = law(torch.randn(3, UNITS), 2.5)
        width.set_cardinality(4.0)
        assert_close(width.dimension(), torch.full((3,), 4.0, dtype=torch.float64))
        width.set_cardinality(torch.tensor([0.0, 1.5, 6.0]))
        assert_close(width.dimension(), torch.tensor([0.0, 1.5, 6.0], dtype=torch.float64))

    def test_a_learned_constraint_follows_its_gradient(self):
        width = law(torch.randn(UNITS), 2.5, learnable=True)
        optimiser = torch.optim.SGD(width.parameters(), lr=0.1)
        for _ in range(200):
            optimiser.zero_grad()
            (width.cardinality() - 4.2).square().backward()
            optimiser.step()
        assert_close(width.total.item(), 4.2, rtol=0, atol=1e-6)

    def test_given_grades_are_kept(self):
        grades = torch.tensor([[0.5, 0.25, 1.0], [0.0, 0.0, 0.3]], dtype=torch.float64)
        width = Fuzzy(3, grades.sum(-1), grades)
        assert_close(width.gates(), grades, rtol=0, atol=1e-15)

    def test_powers_of_grades(self):
        width = law(torch.randn(UNITS), 2.5, exponent=0.5)
        assert_close(width.gates().square(), width.grades())
        assert_close(width.dimension().item(), 2.5)
        assert_close(width.cardinality(), width.grades().sqrt().sum())

    @pytest.mark.parametrize("cardinality", [2.5, [2.5, 1.0]])
    def test_a_cardinality_that_was_given_is_copied(self, cardinality):
        value = torch.tensor(cardinality, dtype=torch.float64)
        Fuzzy(4, value).set_cardinality(2.0)
        assert value.tolist() == cardinality

    @pytest.mark.usefixtures("unchecked")
    @pytest.mark.parametrize("cardinality", [2, torch.tensor(2), torch.tensor([2, 3])], ids=str)
    def test_a_whole_cardinality_may_move_to_a_real_one(self, cardinality):
        width = Fuzzy(4, cardinality)
        assert width.total.dtype == torch.get_default_dtype()
        width.set_cardinality(2.5)
        assert (width.dimension() == 2.5).all()

    def test_a_cardinality_that_is_not_learned_is_a_constant(self):
        value = torch.tensor([2.5, 1.0], dtype=torch.float64, requires_grad=True)
        assert not Fuzzy(4, value).total.requires_grad
        width = Fuzzy(4, torch.ones(2))
        width.set_cardinality(value)
        assert not width.total.requires_grad


class TestSampling:
    @sampled
    def test_on_off_while_training_and_grades_after(self, mode):
        width = law(torch.randn(50, UNITS), 2.5, mode=mode)
        assert set(width.gates().unique().tolist()) == {0.0, 1.0}
        assert not torch.equal(width.gates(), width.gates())
        assert torch.equal(width.eval().gates(), width.grades())
        assert torch.equal(width.expected_gates(), width.grades())

    @sampled
    def test_the_gradient_passes_straight_through_or_not_at_all(self, mode):
        scores, weights = 0.3 * torch.randn(UNITS), torch.randn(UNITS, dtype=torch.float64)
        width = law(scores, 2.5, mode=mode)
        (gradient,) = torch.autograd.grad(width.gates() @ weights, width.scores)
        (exact,) = torch.autograd.grad(width.grades() @ weights, width.scores)
        assert_close(gradient, exact)
        assert exact.abs().max() > 0.01
        assert not law(scores, 2.5, mode=mode, straight_through=False).gates().requires_grad

    @sampled
    def test_means_are_the_grades(self, mode):
        width, size = law(torch.randn(UNITS), 2.5, mode=mode), 20_000
        stacked = {name: value.detach().expand(size, *value.shape) for name, value in state(width).items()}
        sample = functional_call(law(torch.zeros(size, UNITS), 2.5, mode=mode), stacked, ())
        g = width.grades().detach()
        error = (g * (1 - g) / size).sqrt() + 1e-12
        assert ((sample.mean(0) - g).abs() < 5 * error).all()  # sees a bias of 0.02

    @sampled
    def test_seeds(self, mode):
        width = law(torch.randn(30, UNITS), 2.5, mode=mode)
        one, two, other = (width.gates(torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
        assert torch.equal(one, two)
        assert not torch.equal(one, other)
        torch.manual_seed(5)
        again = width.gates()
        torch.manual_seed(5)
        assert torch.equal(again, width.gates())

    def test_systematic_counts(self):
        counts = law(torch.randn(500, UNITS), 2.5, mode="systematic").gates().sum(-1)
        assert set(counts.tolist()) == {2.0, 3.0}
        assert (law(torch.randn(500, UNITS), 3.0, mode="systematic").gates().sum(-1) == 3).all()

    @sampled
    def test_vmap_draws_members_apart(self, mode):
        width, single = law(torch.zeros(50, UNITS), 2.5, mode=mode), law(torch.zeros(UNITS), 2.5, mode=mode)
        mapped = vmap(lambda values: functional_call(single, values, ()), randomness="different")(state(width))
        assert mapped.shape == (50, UNITS)
        assert len(mapped.unique(dim=0)) > 1

    @sampled
    @pytest.mark.usefixtures("unchecked")
    @pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")
    def test_compiles_while_training(self, mode):
        torch.compiler.reset()
        width = law(torch.randn(3, UNITS), 2.5, mode=mode)
        compiled = torch.compile(width, backend="eager", fullgraph=True)
        torch.manual_seed(0)
        expected = width()
        torch.manual_seed(0)
        assert torch.equal(compiled(), expected)

    @pytest.mark.parametrize("mode", MODES)
    @pytest.mark.parametrize("straight_through", [True, False])
    def test_nan_scores_never_look_like_gates(self, mode, straight_through):
        width = law([[0.3, math.nan, 0.2], [0.3, 0.1, 0.2]], 1.5, mode=mode, straight_through=straight_through)
        gates = width.gates()
        assert gates[0].isnan().all()
        assert gates[1].isfinite().all()


class TestDimension:
    def test_it_is_the_integral_of_the_dimensions_of_the_cuts(self):
        width = law(torch.randn(UNITS), 2.7)
        levels = torch.cat([torch.zeros(1), width.grades().detach().sort().values, torch.ones(1)]).unique()
        integral = sum(width.cut_dimension((a + b).item() / 2) * (b - a) for a, b in itertools.pairwise(levels))
        assert_close(integral, width.dimension())
        assert width.cut_dimension(1e-12) == (width.grades() > 0).sum()

    def test_a_cut_holds_the_units_at_its_level(self):
        grades = torch.tensor([1.0, 0.5, 0.5, 0.25, 0.0], dtype=torch.float64)
        width = Fuzzy(5, grades.sum(), grades)
        assert torch.equal(width.grades(), grades)
        assert [int(width.cut_dimension(level)) for level in (0.25, 0.5, 0.75, 1.0)] == [4, 3, 1, 1]

    def test_comonotone_gates_are_the_cuts(self):
        width = law(torch.randn(200, UNITS), 2.7, mode="comonotone")
        grades, gates = width.grades().detach(), width.gates().detach()
        lowest_on = grades.masked_fill(gates == 0, torch.inf).amin(-1)
        highest_off = grades.masked_fill(gates == 1, -torch.inf).amax(-1)
        assert (lowest_on > highest_off).all()

    def test_product_grades_do_not_nest(self):
        width = law(torch.randn(200, UNITS), 2.7, mode="bernoulli")
        grades, gates = width.grades().detach(), width.gates().detach()
        lowest_on = grades.masked_fill(gates == 0, torch.inf).amin(-1)
        highest_off = grades.masked_fill(gates == 1, -torch.inf).amax(-1)
        assert (lowest_on < highest_off).any()

    def test_a_basis_that_does_not_follow_the_cuts_is_too_small(self):
        g = torch.tensor([0.9, 0.7, 0.7, 0.25], dtype=torch.float64)
        width = Fuzzy(4, g.sum(), g)
        assert_close(width.dimension().item(), 2.55)
        assert_close(torch.minimum(g, g[-1]).sum().item(), 1.0)  # basis e_i + e_4, membership the minimum


@pytest.mark.usefixtures("unchecked")
class TestBadInput:
    @pytest.mark.parametrize("cardinality", [-0.1, 4.5, math.nan, torch.tensor([1.0, math.inf])])
    def test_cardinality(self, cardinality):
        with pytest.raises(BadInput, match=r"cardinality: expected widths in \[0, 4\]"):
            Fuzzy(4, cardinality)
        with pytest.raises(BadInput, match="cardinality"):
            Fuzzy(4, torch.ones(2)).set_cardinality(cardinality)

    def test_options(self):
        with pytest.raises(BadInput, match="bernoulli, comonotone, scale, systematic"):
            Fuzzy(4, 2.0, mode="bernouli")
        for exponent in (0.0, -1.0, math.nan, math.inf):
            with pytest.raises(BadInput, match="exponent"):
                Fuzzy(4, 2.0, exponent=exponent)
        with pytest.raises(BadInput, match="1 in mode 'bernoulli'"):
            Fuzzy(4, 2.0, exponent=0.5, mode="bernoulli")
        with pytest.raises(BadInput, match="units"):
            Fuzzy(0, 0.0)
        with pytest.raises(BadInput, match="side"):
            Fuzzy(4, 2.0, side="up")
        for level in (0.0, 1.5, math.nan):
            with pytest.raises(BadInput, match="level"):
                Fuzzy(4, 2.0).cut_dimension(level)

    @pytest.mark.parametrize(
        ("grades", "message"),
        [
            ([0.5, 0.5, 0.5], "a sum of 2, the cardinality"),
            ([1.5, 0.5, 0.0], r"numbers in \[0, 1\]"),
            ([math.nan, 1.0, 1.0], r"numbers in \[0, 1\]"),
            ([1.0, 1.0], r"shape \(3,\)"),
        ],
    )
    def test_grades(self, grades, message):
        with pytest.raises(BadInput, match=message):
            Fuzzy(3, 2.0, torch.tensor(grades))
