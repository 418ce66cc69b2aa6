"""AlexNet has sixty million parameters for a thousand classes of large images, not for ten of small ones."""

from collections.abc import Callable
from typing import NamedTuple

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import nn
from torch.testing import assert_close

from continuum.nn import HyperLinear
from proofs_checks.convolution import Convolution, built, counted
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness


class Variant(NamedTuple):
    """One reading of the name."""

    side: int
    layers: tuple[Convolution, ...]
    hidden: int = 4096

    def parameters(self, classes: int) -> int:
        """As built by torch."""
        return built(self.side, 3, self.layers, (self.hidden, self.hidden, classes)).parameters


def _pooled(filters: int, kernel: int, stride: int, padding: int = 0, groups: int = 1) -> Convolution:
    return Convolution(filters, kernel, stride, padding, pool=3, pool_stride=2, groups=groups)


#: Two towers, 2012: three of the convolutions see half the channels.
ORIGINAL = Variant(
    227,
    (
        _pooled(96, 11, 4),
        _pooled(256, 5, 1, 2, groups=2),
        Convolution(384, 3, 1, 1),
        Convolution(384, 3, 1, 1, groups=2),
        _pooled(256, 3, 1, 1, groups=2),
    ),
)
#: One tower, 2014, the one that libraries ship.
TOWER = Variant(
    224,
    (
        _pooled(64, 11, 4, 2),
        _pooled(192, 5, 1, 2),
        Convolution(384, 3, 1, 1),
        Convolution(256, 3, 1, 1),
        _pooled(256, 3, 1, 1),
    ),
)
#: The code published with the paper: filters of 3 by 3 on images of 32 by 32.
PUBLISHED = Variant(
    32,
    (
        Convolution(64, 3, 2, 1, 2, 2),
        Convolution(192, 3, 1, 1, 2, 2),
        Convolution(384, 3, 1, 1),
        Convolution(256, 3, 1, 1),
        Convolution(256, 3, 1, 1, 2, 2),
    ),
)
HYPERPARAMETERS = 15


def derive() -> list[Derivation]:
    """The three networks layer by layer, as polynomials in the number of classes; and the price of following."""
    classes, h = sp.symbols("C h", integer=True, positive=True)
    readout = 4097 * classes

    def dense(inputs: int) -> sp.Expr:
        return sp.Integer((inputs + 1) * 4096 + 4097 * 4096)

    def filters(*shapes: tuple[int, int, int]) -> sp.Expr:
        return sp.Integer(sum((k * k * before + 1) * after for k, before, after in shapes))

    two = filters((11, 3, 96), (5, 48, 256), (3, 256, 384), (3, 192, 384), (3, 192, 256))
    one = filters((11, 3, 64), (5, 64, 192), (3, 192, 384), (3, 384, 256), (3, 256, 256))
    small = filters((3, 3, 64), (3, 64, 192), (3, 192, 384), (3, 384, 256), (3, 256, 256))

    def total(name: str, convolutions: sp.Expr, inputs: int, claim: sp.Expr) -> Derivation:
        chain = Derivation(name, convolutions + dense(inputs) + readout).rewrite(claim, "sum over the layers")
        return chain.claims(claim, {"without the readout": claim - readout, "filters only": convolutions})

    def ten(name: str, polynomial: sp.Expr, claim: int) -> Derivation:
        chain = Derivation(name, polynomial).apply(lambda e: e.subs(classes, 10), sp.Integer(claim), "C = 10")
        return chain.claims(sp.Integer(claim), {"a thousand classes": polynomial.subs(classes, 1000)})

    rows = 64 + 192 + 384 + 256 + 256 + 4096 + 4096 + classes
    plain = 23231296 + readout
    follows = Derivation("twice, and two directions a row", 2 * plain + 2 * h * rows)
    follows = follows.apply(
        lambda e: sp.expand(e.subs({classes: 10, h: HYPERPARAMETERS})), sp.Integer(46825152), "15 hyperparameters"
    )
    return [
        total("two towers", two, 9216, 56868224 + readout),
        total("one tower", one, 9216, 57003840 + readout),
        total("published", small, 1024, plain),
        ten("two towers, ten classes", 56868224 + readout, 56909194),
        ten("one tower, ten classes", 57003840 + readout, 57044810),
        ten("published, ten classes", plain, 23272266),
        follows.claims(sp.Integer(46825152), {"exactly twice": 2 * plain.subs(classes, 10), "as printed": 60 * 10**6}),
    ]


Follow = Callable[[int, int, int], int]


def followed(inputs: int, outputs: int, hyperparameters: int) -> int:
    """2 (i + 1) o + 2 h o."""
    return 2 * (inputs + 1) * outputs + 2 * hyperparameters * outputs


def by_layers(formula: Follow, inputs: int, outputs: int, hyperparameters: int) -> None:
    """The shipped layer that follows hyperparameters, against a plain one."""
    layer, plain = HyperLinear(inputs, outputs, hyperparameters), nn.Linear(inputs, outputs)
    size = sum(p.numel() for p in layer.parameters())
    assert_close(size, formula(inputs, outputs, hyperparameters), rtol=0, atol=0)
    assert_close(sum(p.numel() for p in plain.parameters()), counted(1, inputs, [], [outputs]).parameters)


def by_building(formula: Callable[[int], tuple[int, int, int]], classes: int) -> None:
    """All three, built without numbers in them."""
    sizes = tuple(variant.parameters(classes) for variant in (ORIGINAL, TOWER, PUBLISHED))
    assert_close(sizes, formula(classes), rtol=0, atol=0)


def following() -> int:
    """The published network with every layer followed: the dense ones are shipped ones, the filters by their rows."""
    rows, before, total = HYPERPARAMETERS, 3, 0
    for layer in PUBLISHED.layers:
        plain = nn.Conv2d(before, layer.filters, layer.kernel, device="meta")
        total += 2 * sum(p.numel() for p in plain.parameters()) + 2 * rows * layer.filters
        before = layer.filters
    with torch.device("meta"):
        dense = [HyperLinear(*shape, rows) for shape in ((1024, 4096), (4096, 4096), (4096, 10))]
    return total + sum(p.numel() for layer in dense for p in layer.parameters())


def figures() -> dict[str, float]:
    """A thousand and ten classes; the side of a small image after each pooling of the one tower."""
    side, sides = 32, []
    for layer in TOWER.layers:
        side = layer.pooled(layer.side(side)) if layer.pool > 1 else layer.side(side)
        sides.append(side)
    return {
        "two towers, 1000": ORIGINAL.parameters(1000),
        "one tower, 1000": TOWER.parameters(1000),
        "two towers, 10": ORIGINAL.parameters(10),
        "one tower, 10": TOWER.parameters(10),
        "published, 10": PUBLISHED.parameters(10),
        "published, followed": following(),
        "side after the last pooling": max(sides[-1], 0),
    }


IDENTITY = Identity(
    id="C17",
    title="size of AlexNet on small images",
    source="STN",
    place="slide on the setup of the CNN experiment",
    printed=r""""AlexNet (~60 million parameters) on CIFAR-10".""",
    precise=r"""60 million is the size for a thousand classes: 60,965,224 with two towers, as in 2012, 61,100,840
with one, as libraries ship it. Each class costs 4097, so ten classes leave 56,909,194 and 57,044,810, if all else
is kept; but then it does not take images of 32 by 32, which the one tower shrinks to nothing before the dense
layers. The code published with the paper fits it to them (filters of 3 by 3, the dense part sees $2\cdot 2\cdot
256$ numbers): 23,272,266 parameters, and, with every layer followed in the compact form with 15 hyperparameters,
46,825,152 (the code adds one scale to each of the eight layers). So the trained network has 23.3 million elementary
weights or 46.8 million in all; 60 is neither, and 57 is that of a network which these images do not fit.""",
    verdict=Verdict.FALSE,
    proof=r"""Sum $(k^2c/g + 1)f$ over convolutions with $g$ groups and $(a+1)b$ over dense layers. One tower:
filters 2,469,696, dense $9217\cdot 4096 + 4097\cdot 4096 = 54534144$, readout $4097C$. Published: filters
2,251,584, dense $1025\cdot 4096 + 4097\cdot 4096 = 20979712$. Following doubles a layer and adds two directions of
$h$ numbers to each row (C08).""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="parameters of the layer that follows",
            check=by_layers,
            claim=followed,
            wrong={
                "twice": lambda inputs, outputs, hyper: 2 * (inputs + 1) * outputs,
                "one direction a row": lambda inputs, outputs, hyper: 2 * (inputs + 1) * outputs + hyper * outputs,
            },
            given={
                "inputs": st.integers(1, 8),
                "outputs": st.integers(1, 8),
                "hyperparameters": st.integers(1, HYPERPARAMETERS),
            },
            examples=10,
        ),
        Witness(
            name="three readings of the name",
            check=by_building,
            claim=lambda classes: tuple(n + 4097 * classes for n in (56868224, 57003840, 23231296)),
            wrong={
                "sixty million": lambda classes: (60965224, 61100840, 23272266),
                "no bias in the readout": lambda classes: tuple(
                    n + 4096 * classes for n in (56868224, 57003840, 23231296)
                ),
            },
            given={"classes": st.integers(1, 1000)},
            examples=3,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Two towers: 60,965,224 for 1000 classes, 56,909,194 for ten. One tower: 61,100,840 and
57,044,810; its last pooling finds an image of 32 by 32 shrunk to a side of 1, too small for a window of 3, and
leaves a side of 0. As published: 23,272,266, followed 46,825,152.""",
            numbers={
                "two towers, 1000": 60965224,
                "one tower, 1000": 61100840,
                "two towers, 10": 56909194,
                "one tower, 10": 57044810,
                "published, 10": 23272266,
                "published, followed": 46825152,
                "side after the last pooling": 0,
            },
            compute=figures,
        ),
    ),
    references=(
        "A. Krizhevsky, I. Sutskever, G. Hinton, ImageNet classification with deep convolutional neural networks, "
        "NIPS 2012",
        "A. Krizhevsky, One weird trick for parallelizing convolutional neural networks, arXiv 1404.5997, 2014; "
        "torchvision.models.alexnet",
        "github.com/asteroidhouse/self-tuning-networks, cnn/models/alexnet.py, cnn/hypermodels and "
        "cnn/util/hyperparameter.py (read for the shapes)",
    ),
    covers=("continuum.nn.hyperlinear",),
)
