"""Laws placed by their cardinality: they have it, and its derivative is that of finite differences."""

import pytest
import torch
from hypothesis import given
from torch.testing import assert_close

from continuum.errors import BadInput
from continuum.widths import expresses, width_of
from proofs_checks import strategies
from tests.contracts import ArgumentContract

NAMES = ["interval", "soft_support", "fuzzy", "concrete"]


def at(name: str, gamma: float, units: int = 6) -> torch.nn.Module:
    return width_of(name, units, torch.tensor(gamma, dtype=torch.float64), kappa=4.0)


class TestSoftSupport(ArgumentContract):
    name, low = "soft_support", 0.5

    def make(self, batch=(), dtype=torch.float64, *, learnable=True):
        gamma = self.low + 3.4 * torch.rand(batch, dtype=dtype)
        return width_of(self.name, self.units, gamma, kappa=4.0, learnable=learnable)


class TestFuzzy(TestSoftSupport):
    name = "fuzzy"


class TestConcrete(TestSoftSupport):
    name, low = "concrete", 1.3


@pytest.mark.parametrize("name", NAMES)
@given(gamma=strategies.numbers(1.001, 5.999))
def test_cardinality_is_gamma(name: str, gamma: float) -> None:
    """Bisection and closed forms are exact to rounding: 1e-12."""
    assert at(name, gamma).cardinality().item() == pytest.approx(gamma, abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("gamma", [1.3, 2.25, 3.5, 5.75])
def test_derivative_in_gamma(name: str, gamma: float) -> None:
    """Central differences with step 1e-5 err by about 1e-9; tolerance 1e-7. Dropping the Newton term fails it."""
    law, weights, h = at(name, gamma), torch.linspace(-1, 2, 6, dtype=torch.float64) ** 3, 1e-5
    (derivative,) = torch.autograd.grad((law.gates() * weights).sum(), law.gamma)
    ahead, behind = ((at(name, gamma + s * h).gates() * weights).sum() for s in (1, -1))
    assert derivative.item() == pytest.approx((ahead - behind).item() / (2 * h), abs=1e-7)
    assert torch.autograd.grad(law.cardinality(), law.gamma)[0].item() == pytest.approx(1.0, abs=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_batch_is_a_loop(name: str) -> None:
    gammas = torch.tensor([1.5, 2.0, 4.25], dtype=torch.float64)
    batched = width_of(name, 6, gammas).gates()
    assert_close(batched, torch.stack([width_of(name, 6, g).gates() for g in gammas]), rtol=0, atol=1e-14)


def test_ends_of_the_concrete_law() -> None:
    assert_close(
        at("concrete", 1.0).gates(), torch.tensor([1.0, 0, 0, 0, 0, 0], dtype=torch.float64), rtol=0, atol=1e-14
    )
    assert_close(at("concrete", 6.0).gates(), torch.ones(6, dtype=torch.float64), rtol=0, atol=1e-14)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("gamma", "unit"), [(1.0, 1), (6.0, 5)])
def test_derivative_at_the_ends_of_the_concrete_law(gamma: float, unit: int, dtype: torch.dtype) -> None:
    """There the distribution lives on two neighbouring widths, and one gate moves at rate 1."""
    law = width_of("concrete", 6, torch.tensor(gamma, dtype=dtype))
    for i, gate in enumerate(law.gates()):
        if i:
            (slope,) = torch.autograd.grad(gate, law.gamma, retain_graph=True)
            assert slope.item() == pytest.approx(float(i == unit), abs=1e-5)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 5.9, 6.0])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_expressed_is_finite(name: str, gamma: float) -> None:
    if expresses(name, 6, gamma):
        assert at(name, gamma).gates().isfinite().all()
        assert at(name, gamma).cardinality().item() == pytest.approx(gamma, abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("gamma", [2, 2.5])
def test_a_number_is_a_width_of_the_default_type(name: str, gamma: float) -> None:
    law = width_of(name, 4, gamma)
    assert law.gamma.dtype == torch.float32
    assert_close(law.gates(), width_of(name, 4, torch.tensor(float(gamma))).gates(), rtol=0, atol=0)


@pytest.mark.parametrize("name", NAMES[1:])
def test_only_the_interval_law_has_an_exponent(name: str) -> None:
    with pytest.raises(BadInput, match=f"exponent: expected 1 with the {name} law, got 0.5"):
        width_of(name, 4, torch.tensor(2.5), exponent=0.5)
    assert width_of("interval", 4, torch.tensor(2.25), exponent=0.5).gates()[2] == 0.5


@pytest.mark.usefixtures("unchecked")
def test_bad_input() -> None:
    with pytest.raises(BadInput, match="one of concrete, fuzzy, interval, soft_support"):
        at("fuzy", 1.0)
    for name in NAMES:
        with pytest.raises(BadInput, match=r"\[0, 6\]"):
            at(name, 7.0)
