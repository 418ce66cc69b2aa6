"""Suites that every implementation of a protocol inherits."""

import copy
import inspect
import io
import pickle
from abc import ABC, abstractmethod
from itertools import product

import pytest
import torch
from torch import Tensor
from torch.func import functional_call, grad, vmap
from torch.testing import assert_close

from continuum.widths import Width

BATCHES = [(), (3,), (2, 3), (0,)]
#: dtype: tolerance of an identity between two ways of computing the same gates.
TOLERANCES = {torch.float32: 1e-6, torch.float64: 1e-14}

batches = pytest.mark.parametrize("batch", BATCHES, ids=str)
dtypes = pytest.mark.parametrize("dtype", TOLERANCES, ids=lambda dtype: str(dtype).removeprefix("torch."))


class ArgumentContract(ABC):
    """How every law of width is made and called."""

    units = 5
    #: What sets the width: the name of a tensor of the law, or of a module whose tensors do.
    setting = "gamma"

    @abstractmethod
    def make(self, batch: tuple[int, ...] = (), dtype: torch.dtype = torch.float64, *, learnable: bool = True) -> Width:
        """A law with random parameters (global generator of torch), where its gates are smooth in them."""

    def test_arguments_come_in_one_order(self):
        parameters = list(inspect.signature(type(self.make())).parameters.values())
        assert parameters[0].name == "units"
        (learnable,) = [parameter for parameter in parameters if parameter.name == "learnable"]
        assert learnable.kind is inspect.Parameter.KEYWORD_ONLY
        by_keyword = [parameter.kind is inspect.Parameter.KEYWORD_ONLY for parameter in parameters]
        assert by_keyword == sorted(by_keyword)
        assert list(inspect.signature(self.make().gates).parameters) == ["generator"]

    def test_learnable_says_whether_what_sets_the_width_is_trained(self):
        for learnable in (True, False):
            law = self.make((3,), learnable=learnable)
            values = [value for name, value in state(law).items() if name.split(".")[0] == self.setting]
            trained = {value.requires_grad for value in values if value.is_floating_point()}
            assert learnable in trained
            assert learnable or trained == {False}
        assert self.make(learnable=False).state_dict().keys() == self.make().state_dict().keys()

    @pytest.mark.parametrize("training", [True, False])
    def test_gates_are_a_function_of_the_generator(self, training):
        law, generators = self.make((3,)).train(training), [torch.Generator().manual_seed(3) for _ in range(3)]
        first, second = (law.gates(generator) for generator in generators[:2])
        assert torch.equal(first, second)
        drawn = not torch.equal(generators[0].get_state(), generators[2].get_state())
        assert drawn or torch.equal(first, law.gates())
        assert not (drawn and not training)


class WidthContract(ArgumentContract):
    """What every law of width must do.

    A test class inherits this and says how to make its law. The gates must be a deterministic function of the
    parameters and buffers; those that are there once for every member of a batch carry the batch shape in front.
    """

    #: Whether the gates never grow with the index.
    ordered = True

    def edge_cases(self) -> list[Width]:
        """Laws with parameters where something could break: kinks, bounds, beyond the bounds."""
        return []

    @batches
    @dtypes
    def test_gates_have_the_shape_and_dtype_of_the_law(self, batch, dtype):
        law = self.make(batch, dtype)
        assert law.gates().shape == (*batch, self.units)
        assert law.gates().dtype == dtype
        assert law.cardinality().shape == batch
        assert law.units == self.units

    @batches
    @dtypes
    def test_gates_lie_in_the_unit_interval(self, batch, dtype):
        assert in_unit_interval(self.make(batch, dtype))

    def test_edge_cases_give_gates_and_gradients_without_nan(self):
        for law in self.edge_cases():
            assert in_unit_interval(law), law
            if self.ordered:
                assert never_grow(law.gates()), law
            for gradient in gradients(law):
                assert not gradient.isnan().any(), law

    def test_ordered_gates_never_grow_with_the_index(self):
        if not self.ordered:
            pytest.skip("this law lets its gates grow")
        for batch in BATCHES:
            assert never_grow(self.make(batch).gates())

    @batches
    @dtypes
    def test_cardinality_is_the_sum_of_the_gates(self, batch, dtype):
        law = self.make(batch, dtype)
        looped = sum((law.gates()[..., unit] for unit in range(self.units)), torch.zeros(batch, dtype=dtype))
        assert_close(law.cardinality(), looped, rtol=TOLERANCES[dtype], atol=TOLERANCES[dtype])

    def test_calling_the_law_gives_its_gates(self):
        law = self.make((3,))
        assert torch.equal(law(), law.gates())

    @batches
    @dtypes
    def test_a_batch_equals_a_loop_over_it(self, batch, dtype):
        law, single = self.make(batch, dtype), self.make((), dtype)
        gates = law.gates()
        for index in product(*map(range, batch)):
            one = functional_call(single, member(state(law), batch, index), ())
            assert_close(gates[index], one, rtol=TOLERANCES[dtype], atol=TOLERANCES[dtype])

    def test_members_of_a_batch_are_told_apart(self):
        gates = self.make((3,)).gates()
        assert not torch.equal(gates[0], gates[1])  # else the loop above compares equals with equals

    def test_permuting_the_batch_permutes_the_gates(self):
        law, order = self.make((4,)), torch.tensor([2, 0, 3, 1])
        permuted = functional_call(law, member(state(law), (4,), (order,)), ())
        assert torch.equal(permuted, law.gates()[order])

    def test_vmap_equals_the_batch(self):
        law, single = self.make((3,)), self.make()
        values, where = state(law), batched(law, (3,))
        mapped = vmap(lambda values: functional_call(single, values, ()), in_dims=(where,))(values)
        assert_close(mapped, law.gates(), rtol=1e-14, atol=1e-14)

    def test_gradients_by_vmap_equal_those_of_the_batch(self):
        law, single, weights = self.make((3,)), self.make(), torch.randn(3, self.units, dtype=torch.float64)
        values, where = state(law), batched(law, (3,))
        mapped = vmap(grad(lambda values, weights: functional_call(single, values, ()) @ weights), in_dims=(where, 0))(
            values, weights
        )
        for name, parameter in law.named_parameters():
            (direct,) = torch.autograd.grad((law.gates() * weights).sum(), parameter)
            actual = mapped[name] if where[name] == 0 else mapped[name].sum(0)
            assert_close(actual, direct, rtol=1e-13, atol=1e-14)

    @pytest.mark.parametrize("batch", [(), (2, 3)], ids=str)
    def test_gradcheck(self, batch):
        law = self.make(batch)
        names, values = zip(*law.named_parameters(), strict=True)

        def gates(*values: Tensor) -> Tensor:
            return functional_call(law, dict(zip(names, values, strict=True)), ())

        assert torch.autograd.gradcheck(gates, values, eps=1e-6, atol=1e-7, rtol=1e-5)
        assert torch.autograd.gradgradcheck(gates, values, eps=1e-6, atol=1e-6, rtol=1e-5)

    def test_state_dict_round_trip(self):
        law, other = self.make((3,)), self.make((3,))
        assert not torch.equal(law.gates(), other.gates())
        file = io.BytesIO()
        torch.save(law.state_dict(), file)
        file.seek(0)
        other.load_state_dict(torch.load(file, weights_only=True), strict=True)
        assert torch.equal(law.gates(), other.gates())

    @pytest.mark.parametrize(
        "copied", [copy.deepcopy, lambda law: pickle.loads(pickle.dumps(law))], ids=["copy", "pickle"]
    )
    def test_a_copy_is_equal_and_independent(self, copied):
        law = self.make((3,))
        gates, other = law.gates().detach().clone(), copied(law)
        assert torch.equal(other.gates(), gates)
        assert repr(other) == repr(law)
        with torch.no_grad():
            for value in other.state_dict().values():
                value.zero_()
        assert torch.equal(law.gates(), gates)

    def test_to_another_dtype_and_back(self):
        law = self.make((3,), torch.float32)
        gates = law.gates().detach().clone()
        assert law.to(torch.float64).gates().dtype == torch.float64
        assert_close(law.gates(), gates.double(), rtol=1e-6, atol=1e-6)
        assert torch.equal(law.to(torch.float32).gates(), gates)

    @pytest.mark.usefixtures("unchecked")
    # PyTorch itself instantiates autograd.Function while it compiles one, and then warns of that.
    @pytest.mark.filterwarnings("ignore:.*should not be instantiated:DeprecationWarning")
    @pytest.mark.parametrize("backend", ["eager", "aot_eager"])
    def test_compiles_into_one_graph(self, backend):
        torch.compiler.reset()
        law = self.make((3,))
        compiled = torch.compile(law, backend=backend, fullgraph=True)
        weights = torch.randn(3, self.units, dtype=torch.float64)
        assert_close(compiled(), law.gates(), rtol=1e-14, atol=1e-14)
        for parameter in law.parameters():
            expected, actual = (
                torch.autograd.grad((gates * weights).sum(), parameter) for gates in (law(), compiled())
            )
            assert_close(actual, expected, rtol=1e-13, atol=1e-14)


def in_unit_interval(law: Width) -> bool:
    gates = law.gates()
    return bool(((gates >= 0) & (gates <= 1)).all())  # False for NaN


def never_grow(gates: Tensor) -> bool:
    return bool((gates.diff(dim=-1) <= 0).all())


def gradients(law: Width) -> tuple[Tensor, ...]:
    """Gradients of the sum of all gates in every parameter."""
    parameters = list(law.parameters())
    return torch.autograd.grad(law.gates().sum(), parameters) if parameters else ()


def state(law: Width) -> dict[str, Tensor]:
    """Parameters and buffers by name."""
    return dict(law.named_parameters()) | dict(law.named_buffers())


def batched(law: Width, batch: tuple[int, ...]) -> dict[str, int | None]:
    """Which parameters and buffers carry the batch in front, as ``in_dims`` of vmap."""
    return {name: 0 if value.shape[: len(batch)] == batch else None for name, value in state(law).items()}


def member(values: dict[str, Tensor], batch: tuple[int, ...], index: tuple) -> dict[str, Tensor]:
    """The members ``index`` of every parameter and buffer that carries the batch."""
    return {name: v[index] if v.shape[: len(batch)] == batch else v for name, v in values.items()}
