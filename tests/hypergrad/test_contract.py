"""Every method under the contract of all."""

from torch import Tensor

from continuum.hypergrad import (
    ConjugateGradient,
    Cost,
    Dense,
    Direct,
    Hermite,
    Implicit,
    Method,
    Neumann,
    Predictive,
    Sampled,
    SelfTuning,
    Unrolled,
)
from continuum.hypergrad.tree import Tree
from tests.hypergrad.contract import RATE, MethodContract, descend, minimum


class TestDirect(MethodContract):
    responds = False

    def make(self) -> Method:
        return Direct()

    def definition(self, problem: Predictive, parameters: Tree, hyperparameters: Tree, moved: Tree) -> Tensor:
        return problem.outer(parameters, moved)

    def test_takes_one_outer_gradient(self):
        assert self.solve()[0].cost == Cost(gradients=1)


class TestUnrolled(MethodContract):
    mappable = False

    def make(self) -> Method:
        return Unrolled(steps=5, lr=RATE)

    def definition(self, problem: Predictive, parameters: Tree, hyperparameters: Tree, moved: Tree) -> Tensor:
        return problem.outer(descend(problem, parameters, moved, 5), moved)


class TestUnrolledForward(TestUnrolled):
    mappable = True

    def make(self) -> Method:
        return Unrolled(steps=5, lr=RATE, mode="forward")


class TestTruncated(MethodContract):
    mappable = False

    def make(self) -> Method:
        return Unrolled(steps=5, lr=RATE, truncate=2)

    def definition(self, problem: Predictive, parameters: Tree, hyperparameters: Tree, moved: Tree) -> Tensor:
        fixed = descend(problem, parameters, hyperparameters, 3)
        return problem.outer(descend(problem, fixed, moved, 2), moved)


class TestTruncatedForward(TestTruncated):
    mappable = True

    def make(self) -> Method:
        return Unrolled(steps=5, lr=RATE, truncate=2, mode="forward")


class TestDense(MethodContract):
    def make(self) -> Method:
        return Implicit(Dense())

    def definition(self, problem: Predictive, parameters: Tree, hyperparameters: Tree, moved: Tree) -> Tensor:
        return problem.outer(minimum(problem, parameters, moved), moved)

    def test_takes_two_inner_gradients_and_an_outer_one_beside_the_products(self):
        cost = self.solve()[0].cost
        assert (cost.gradients, cost.mixed_products) == (3, 1)


class TestConjugateGradient(TestDense):
    def make(self) -> Method:
        return Implicit(ConjugateGradient(steps=12))


class TestConjugateGradientToATolerance(TestDense):
    mappable = False

    def make(self) -> Method:
        return Implicit(ConjugateGradient(steps=12, tolerance=1e-10))


class TestNeumann(MethodContract):
    """K terms at a minimum are K steps from there."""

    def make(self) -> Method:
        return Implicit(Neumann(terms=4, lr=RATE))

    def definition(self, problem: Predictive, parameters: Tree, hyperparameters: Tree, moved: Tree) -> Tensor:
        return problem.outer(descend(problem, parameters, moved, 4), moved)


class TestSelfTuning(MethodContract):
    def make(self) -> SelfTuning:
        return SelfTuning(scale=0.3, steps=5, lr=RATE, noise=Hermite(2))

    def definition(self, problem: Predictive, parameters: Tree, hyperparameters: Tree, moved: Tree) -> Tensor:
        return problem.outer(self.make().fit(problem, parameters, hyperparameters)(moved), moved)

    def test_takes_an_inner_gradient_a_step_and_point_and_an_outer_one(self):
        points = len(self.make().noise(3)[1])
        assert points > 1
        assert self.solve()[0].cost == Cost(gradients=5 * points + 1)


class TestSelfTuningSampled(TestSelfTuning):
    def make(self) -> SelfTuning:
        return SelfTuning(scale=0.3, steps=5, lr=RATE, noise=Sampled(pairs=3), linearised=False)
