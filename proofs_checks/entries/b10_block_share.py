"""One block of WRN-28-10 is 1.3, 5.1 or 20.2 per cent of its parameters; a twelfth is its share of the blocks."""

from collections.abc import Callable, Sequence

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import nn
from torch.testing import assert_close

from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness

WIDEN, BLOCKS, CLASSES = 10, 4, 10
TOTAL = 36_479_194


def derive() -> list[Derivation]:
    """From kernels, normalisations and shortcuts to a polynomial in the width of the first group, and its value."""
    w, n, c = sp.symbols("w n C", positive=True)  # channels of the first group, blocks a group, classes
    stem = 3 * 9 * 16

    def block(before: sp.Expr, after: sp.Expr) -> sp.Expr:
        shortcut = 0 if before == after else before * after
        return 9 * before * after + 9 * after**2 + 2 * before + 2 * after + shortcut

    widths = (w, 2 * w, 4 * w)
    first = [block(before, after) for before, after in zip((sp.Integer(16), *widths[:2]), widths, strict=True)]
    later = sum((n - 1) * block(width, width) for width in widths)
    layers = stem + sum(first) + later + 2 * widths[2] + (widths[2] + 1) * c
    total = Derivation("parameters", layers)
    claim = (378 * n - 89) * w**2 + (28 * n + 160) * w + 4 * c * w + c + 464
    total = total.rewrite(claim, "collect powers of w")
    total = total.apply(lambda e: e.subs({n: BLOCKS, w: 16 * WIDEN}), 36_472_784 + 641 * c, "WRN-28-10", _close)
    total = total.apply(lambda e: e.subs(c, CLASSES), sp.Integer(TOTAL), "10 classes")
    total.claims(sp.Integer(TOTAL), {"without normalisations": sp.Integer(TOTAL - 17_952)})

    shares = []
    for group, percent in enumerate((sp.Rational(126, 100), sp.Rational(506, 100), sp.Rational(2022, 100))):
        size = Derivation(f"a block of group {group + 1}", block(widths[group], widths[group]))
        size = size.rewrite(18 * widths[group] ** 2 + 4 * widths[group], "two kernels, two normalisations")
        size = size.apply(lambda e: 100 * e.subs(w, 160) / TOTAL, percent, "per cent of all", _rounded)
        shares.append(size.claims(percent, {"eight": sp.Integer(8), "a twelfth": sp.Rational(100, 12)}, _rounded))
    side = sp.Symbol("s", positive=True)  # an output of s^2 places; twice the width is half the side
    work = Derivation("products of a block, group 3", 18 * widths[2] ** 2 * (side / 4) ** 2)
    work = work.rewrite(18 * widths[0] ** 2 * side**2, "those of a block in group 1")
    return [total, *shares, work.claims(18 * w**2 * side**2, {"a quarter": 18 * w**2 * side**2 / 4})]


def _close(left: sp.Expr, right: sp.Expr) -> bool:
    return bool(sp.expand(left - right) == 0)


def _rounded(left: sp.Expr, right: sp.Expr) -> bool:
    return bool(abs(sp.N(left - right)) < 0.005)


class Block(nn.Module):
    """Normalise, convolve, twice; a convolution of size 1 as a shortcut where the channels change."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.BatchNorm2d(before), nn.BatchNorm2d(after)])
        self.first = nn.Conv2d(before, after, 3, padding=1, bias=False)
        self.second = nn.Conv2d(after, after, 3, padding=1, bias=False)
        self.shortcut = nn.Conv2d(before, after, 1, bias=False) if before != after else nn.Identity()


def wide_network(
    blocks: Sequence[int] = (BLOCKS, BLOCKS, BLOCKS), first: int = 16 * WIDEN, classes: int = CLASSES
) -> nn.Module:
    """A wide network of so many blocks in its groups, as modules; WRN-28-10 by default."""
    layers: list[nn.Module] = [nn.Conv2d(3, 16, 3, padding=1, bias=False)]
    channels = 16
    for width, count in zip((first, 2 * first, 4 * first), blocks, strict=True):
        layers += [Block(channels if not i else width, width) for i in range(count)]
        channels = width
    return nn.Sequential(*layers, nn.BatchNorm2d(channels), nn.Linear(channels, classes))


def polynomial(n: int, w: int, classes: int) -> int:
    """(378 n - 89) w^2 + (28 n + 160) w + 4 C w + C + 464, unless w = 16, where the first block has no shortcut."""
    return (378 * n - 89) * w**2 + (28 * n + 160) * w + 4 * classes * w + classes + 464


def by_modules(formula: Callable[[int, int, int], int], n: int, w: int, classes: int) -> None:
    """Networks of n blocks a group, w channels in the first one."""
    with torch.device("meta"):
        network = wide_network((n, n, n), w, classes)
    assert_close(size(network), formula(n, w, classes), rtol=0, atol=0)


def by_removal(formula: Callable[[int], float], group: int) -> None:
    """WRN-28-10 with one block less in a group, in per cent of its parameters."""
    blocks = [BLOCKS - (i == group) for i in range(3)]
    with torch.device("meta"):
        less = 100 * (1 - size(wide_network(blocks)) / size(wide_network()))
    assert_close(less, formula(group), rtol=0, atol=0.005)


def size(module: nn.Module) -> int:
    """Number of parameters."""
    return sum(p.numel() for p in module.parameters())


def example() -> dict[str, float]:
    """Parameters of modules that are built, and shares in per cent."""
    with torch.device("meta"):
        network = wide_network()
    total, blocks = size(network), [layer for layer in network.children() if isinstance(layer, Block)]
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (3, 3)]
    figures = {f"block of group {i + 1}": 100 * size(blocks[BLOCKS * i + 1]) / total for i in range(3)}
    places = [32**2] * 1 + [side**2 for side in (32, 16, 8) for _ in range(2 * BLOCKS)]
    work = [m.weight.numel() * area for m, area in zip(layers, places, strict=True)]
    shortcuts = [m.weight.numel() for m in network.modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (1, 1)]
    products = sum(work) + sum(n * side**2 for n, side in zip(shortcuts, (32, 16, 8), strict=True)) + 640 * CLASSES
    return {
        **figures,
        "millions": total / 1e6,
        "of blocks": 100 / len(blocks),
        "of layers": 100 * 2 / 28,
        "of products": 100 * (work[-1] + work[-2]) / products,
    }


IDENTITY = Identity(
    id="B10",
    title="parameters saved by one block",
    source="VMO",
    place="section 4, with table 1 (26 instead of 28 layers)",
    printed=r""""the depth model chose an architecture 1 block smaller than that of the baseline WRN model and on
Cifar10 this resulted in a slight increase in accuracy with an $\sim$ 8% reduction in parameters".""",
    precise=r"""WRN-28-10 for 10 classes, as its authors define it: a $3\times 3$ convolution to 16 channels, three
groups of $n = 4$ blocks of two $3\times 3$ convolutions with $w = 160$, $320$ and $640$ channels, each after a
batch normalisation, a $1\times 1$ shortcut where the channels change, a last normalisation and a linear layer. It
has 36,479,194 parameters. A block that keeps its channels has $18w^2 + 4w$ of them: 1.26%, 5.06% or 20.22% of all,
by its group. None is near 8%. A twelfth, 8.3%, is the share of one block in the number of blocks, two layers of 28
are 7.1%, and any such block does 9.0% of the multiplications. If the depth is cut at the top, as in Eq. 5, the
block is one of the last group.""",
    verdict=Verdict.FALSE,
    proof=r"""$9\cdot w\cdot w$ weights a convolution, twice, and $2w$ parameters a normalisation, twice. The whole
is $(378n - 89)w^2 + (28n + 160)w + 4Cw + C + 464$ for $C$ classes and $w \neq 16$ (the first block has a shortcut),
here $160$. A group has twice the channels and a quarter of the places of the one before it, so each of its blocks does
the same number of multiplications.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="parameters of wide networks that are built (mathematics alone)",
            check=by_modules,
            claim=polynomial,
            wrong={
                "no normalisation": lambda n, w, classes: polynomial(n, w, classes) - (28 * n - 4) * w - 32,
                "no shortcuts": lambda n, w, classes: polynomial(n, w, classes) - 16 * w - 10 * w**2,
                "one block too many": lambda n, w, classes: polynomial(n + 1, w, classes),
            },
            given={"n": st.integers(1, 4), "w": st.integers(17, 40), "classes": st.sampled_from([2, 10, 100])},
            examples=12,
        ),
        Witness(
            name="one block's share of the parameters, of the blocks, of the products (mathematics alone)",
            check=by_removal,
            claim=lambda group: (1.26, 5.06, 20.22)[group],
            wrong={
                "eight": lambda group: 8.0,
                "a twelfth": lambda group: 100 / 12,
                "the mean block": lambda group: (1.26 + 5.06 + 20.22) / 3,
                "two layers of 28": lambda group: 100 / 14,
            },
            given={"group": st.integers(0, 2)},
            examples=3,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""In the last group $18\cdot 640^2 + 4\cdot 640 = 7{,}375{,}360$ of $36{,}479{,}194$ parameters
are $20.22$%; in the others $1{,}844{,}480$ or $5.06$%, and $461{,}440$ or $1.26$%.""",
            numbers={
                "block of group 1": 1.26,
                "block of group 2": 5.06,
                "block of group 3": 20.22,
                "millions": 36.48,
                "of blocks": 8.33,
                "of layers": 7.14,
                "of products": 9.0,
            },
            compute=example,
            tolerance=6e-3,
        ),
    ),
    references=("S. Zagoruyko and N. Komodakis, Wide residual networks, BMVC 2016 (tables 1 and 4: 36.5M parameters)",),
)
