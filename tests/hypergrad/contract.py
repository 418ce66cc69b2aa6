"""What every method of differentiating the outer loss must do."""

import gc
import weakref
from abc import ABC, abstractmethod

import pytest
import torch
from torch import Tensor
from torch.func import grad, jacrev, vmap
from torch.testing import assert_close
from torch.utils._pytree import tree_flatten, tree_map

from continuum.errors import BadInput
from continuum.hypergrad import Hypergradient, Method, Outcome, Predictive
from continuum.hypergrad.tree import Tree, ravel

DTYPES = [torch.float32, torch.float64]
dtypes = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: str(dtype).removeprefix("torch."))
#: Largest eigenvalue of the inner Hessian below is about 3.
RATE = 0.3


def network(dtype: torch.dtype = torch.float64, seed: int = 0) -> tuple[Predictive, Tree, Tree]:
    """A convex problem that is not quadratic, with nested pytrees, one scalar among them, and a direct term."""
    generator = torch.Generator().manual_seed(seed)
    x, x_val = (torch.randn(9, 3, generator=generator, dtype=torch.float64).to(dtype) for _ in range(2))
    y, y_val = (torch.randn(9, 2, generator=generator, dtype=torch.float64).to(dtype) for _ in range(2))

    def output(parameters: Tree, hyperparameters: Tree) -> Tensor:
        return x @ parameters["layer"][0] + parameters["layer"][1] - hyperparameters["shift"]

    def loss(output: Tensor, parameters: Tree, hyperparameters: Tree) -> Tensor:
        decay = sum(leaf.square().sum() for leaf in tree_flatten(parameters)[0])
        return (1 + (output - y).square()).sqrt().mean() + hyperparameters["penalty"].exp() * decay / 2

    def outer(parameters: Tree, hyperparameters: Tree) -> Tensor:
        residual = x_val @ parameters["layer"][0] + parameters["layer"][1] - hyperparameters["shift"]
        return (residual - y_val).square().mean() + 0.1 * hyperparameters["penalty"].square()

    parameters = {"layer": (torch.ones(3, 2, dtype=dtype) / 4, torch.zeros(2, dtype=dtype))}
    hyperparameters = {"penalty": torch.tensor(-0.5, dtype=dtype), "shift": torch.tensor([0.2, -0.1], dtype=dtype)}
    return Predictive(output, loss, outer), parameters, hyperparameters


def minimum(problem: Predictive, parameters: Tree, hyperparameters: Tree) -> Tree:
    """By Newton's method."""
    vector, unravel = ravel(parameters)
    gradient = grad(lambda vector: problem.inner(unravel(vector), hyperparameters))
    for _ in range(12):
        vector = vector - torch.linalg.solve(jacrev(gradient)(vector), gradient(vector))
    return unravel(vector)


def descend(problem: Predictive, parameters: Tree, hyperparameters: Tree, steps: int, lr: float = RATE) -> Tree:
    """Gradient descent, written anew."""
    for _ in range(steps):
        step = grad(problem.inner)(parameters, hyperparameters)
        parameters = tree_map(lambda w, g: w - lr * g, parameters, step)
    return parameters


class MethodContract(ABC):
    """A test class inherits this and says how to make its method, and what it is the derivative of."""

    #: Whether ``torch.func.vmap`` can map it.
    mappable = True
    #: Whether its total contains more than the direct term.
    responds = True

    @abstractmethod
    def make(self) -> Method:
        """The method, with settings for :func:`network`."""

    @abstractmethod
    def definition(self, problem: Predictive, parameters: Tree, hyperparameters: Tree, moved: Tree) -> Tensor:
        """The number whose derivative in ``moved``, at ``moved = hyperparameters``, the total is."""

    def solve(self, dtype: torch.dtype = torch.float64) -> tuple[Hypergradient, Predictive, Tree, Tree]:
        problem, start, hyperparameters = network(dtype)
        parameters = minimum(problem, start, hyperparameters)
        return self.make()(problem, parameters, hyperparameters), problem, parameters, hyperparameters

    @dtypes
    def test_answers_are_like_the_hyperparameters(self, dtype):
        result, _, parameters, hyperparameters = self.solve(dtype)
        for part in (result.direct, result.response, result.total):
            assert alike(part, hyperparameters)
        assert alike(result.parameters, parameters)

    @dtypes
    def test_total_is_direct_and_response(self, dtype):
        result, *_ = self.solve(dtype)
        pairs = zip(*(tree_flatten(t)[0] for t in (result.total, result.direct, result.response)), strict=True)
        assert all(torch.equal(total, direct + response) for total, direct, response in pairs)
        assert bool((ravel(result.response)[0] != 0).any()) == self.responds

    def test_direct_is_the_partial_derivative(self):
        result, problem, _, hyperparameters = self.solve()
        direct = grad(problem.outer, argnums=1)(result.parameters, hyperparameters)
        assert_close(result.direct, direct, rtol=1e-13, atol=1e-14)

    def test_total_is_the_derivative_of_what_the_method_defines(self):
        """Central differences: truncation h^2 and rounding 1e-16 / h, both near 1e-10."""
        result, problem, parameters, hyperparameters = self.solve()
        vector, unravel = ravel(hyperparameters)
        expected = torch.empty_like(vector)
        for i, unit in enumerate(torch.eye(len(vector), dtype=vector.dtype) * 1e-5):
            ends = [self.definition(problem, parameters, hyperparameters, unravel(vector + s * unit)) for s in (1, -1)]
            expected[i] = (ends[0] - ends[1]) / 2e-5
        tolerance = {"rtol": 1e-7, "atol": 1e-8}
        assert_close(ravel(result.total)[0], expected, **tolerance)
        for wrong in (-1.0, 0.99):  # the sign of the response, and a share of it
            if self.responds:
                with pytest.raises(AssertionError):
                    assert_close(ravel(result.direct)[0] + wrong * ravel(result.response)[0], expected, **tolerance)

    def test_single_precision_agrees_with_double(self):
        single, double = self.solve(torch.float32)[0], self.solve(torch.float64)[0]
        assert_close(ravel(single.total)[0].double(), ravel(double.total)[0], rtol=1e-4, atol=1e-5)

    @dtypes
    def test_a_scalar_and_a_tensor_will_do(self, dtype):
        problem = Predictive(lambda w, h: w, lambda o, w, h: (o - h).square().sum(), lambda w, h: (w * h).sum())
        w, h = torch.ones(2, dtype=dtype), torch.tensor(1.0, dtype=dtype)
        result = self.make()(problem, w, h)
        assert result.total.shape == ()
        assert result.total.dtype == dtype
        assert result.direct == 2
        assert result.parameters.shape == (2,)

    def test_leaves_its_input_alone(self):
        problem, parameters, hyperparameters = network()
        tracked = [tree_map(lambda leaf: leaf.clone().requires_grad_(), tree) for tree in (parameters, hyperparameters)]
        state = torch.get_rng_state()
        result = self.make()(problem, *tracked)
        assert torch.equal(torch.get_rng_state(), state)
        before, after = (tree_flatten(trees)[0] for trees in ((parameters, hyperparameters), tuple(tracked)))
        for old, new in zip(before, after, strict=True):
            assert new.requires_grad
            assert new.grad is None
            assert torch.equal(old, new)
        assert not any(leaf.requires_grad for leaf in tree_flatten(result)[0])

    def test_keeps_no_graph(self):
        """An intermediate tensor of the losses is gone as soon as the answer is there."""
        problem, parameters, hyperparameters = network()
        references: list[weakref.ref] = []

        def watched(parameters: Tree, hyperparameters: Tree) -> Tensor:
            grown = problem.output(parameters, hyperparameters).exp()  # which a graph of the logarithm keeps
            references.append(weakref.ref(grown))
            return grown.log()

        watched_problem = Predictive(watched, problem.loss, problem.outer)
        result = self.make()(watched_problem, parameters, hyperparameters)
        gc.collect()
        assert not any(reference() is not None for reference in references)
        assert result.outcome <= Outcome.TRUNCATED
        value = watched_problem.inner(tree_map(lambda leaf: leaf.clone().requires_grad_(), parameters), hyperparameters)
        assert value.requires_grad
        assert references[-1]() is not None  # a graph would be seen

    def test_says_the_same_twice(self):
        first, second = self.solve()[0], self.solve()[0]
        assert torch.equal(ravel(first.total)[0], ravel(second.total)[0])
        assert first.cost == second.cost

    def test_reports_its_cost(self):
        cost = self.solve()[0].cost
        assert cost.gradients >= 1
        assert min(cost.hessian_vector_products, cost.mixed_products) >= 0

    def test_vmap_equals_a_loop(self):
        if not self.mappable:
            pytest.skip("decides by the data how to go on")
        problem, start, _ = network()
        penalties = torch.tensor([-0.5, 0.0, 0.5], dtype=torch.float64)
        shift = torch.tensor([0.2, -0.1], dtype=torch.float64)
        method = self.make()

        def one(penalty: Tensor) -> Hypergradient:
            return method(problem, start, {"penalty": penalty, "shift": shift})

        mapped = vmap(one)(penalties)
        for i, penalty in enumerate(penalties):
            alone = one(penalty)
            assert_close(tree_map(lambda leaf, i=i: leaf[i], mapped.total), alone.total, rtol=1e-11, atol=1e-13)
            assert int(mapped.status[i]) == alone.outcome
        assert mapped.cost == alone.cost

    @pytest.mark.usefixtures("unchecked")
    def test_bad_input(self):
        problem, parameters, hyperparameters = network()
        with pytest.raises(
            BadInput, match=r"hyperparameters: expected floating-point tensors, got float; .*torch\.tensor"
        ):
            self.make()(problem, parameters, hyperparameters | {"penalty": 0.1})
        with pytest.raises(BadInput, match=r"got torch\.int64"):
            self.make()(problem, {"layer": torch.ones(3, dtype=torch.long)}, hyperparameters)
        with pytest.raises(BadInput, match="at least one tensor"):
            self.make()(problem, parameters, {})
        rows = Predictive(problem.output, problem.loss, lambda parameters, _: parameters["layer"][1])
        with pytest.raises(BadInput, match=r"outer: expected a loss of shape \(\), got \(2,\)"):
            self.make()(rows, parameters, hyperparameters)


def alike(a: Tree, b: Tree) -> bool:
    """The same structure, shapes and dtypes."""
    (a_leaves, a_spec), (b_leaves, b_spec) = tree_flatten(a), tree_flatten(b)
    return a_spec == b_spec and all(
        (x.shape, x.dtype) == (y.shape, y.dtype) for x, y in zip(a_leaves, b_leaves, strict=True)
    )
