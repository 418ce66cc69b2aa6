"""A softmax mixture of prefix widths is one network with expected gates, which rescaling lets escape a price."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache

import sympy as sp
import torch
from torch import Tensor
from torch.testing import assert_close

from continuum.benchmark import SPACE, Objective, stream
from continuum.search.shared.collapse import escape
from continuum.search.shared.method import Ground
from continuum.search.shared.mixture import Mixture
from continuum.widths import Concrete
from proofs_checks import strategies
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness

UNITS, ROWS, OUTPUTS = 5, 3, 2
#: Gates of logits over the widths 1..N.
Gates = Callable[[Tensor], Tensor]


def derive() -> list[Derivation]:
    """Summation by parts for three widths; and the cost of a unit, rescaled, with and without a decay."""
    p, v = sp.symbols("p_1:4", positive=True), sp.symbols("v_1:4", real=True)
    mixture = sum(p[k] * sum(v[: k + 1]) for k in range(3))
    gated = sum(sum(p[i:]) * v[i] for i in range(3))
    parts = Derivation("mixture of three prefixes", mixture).rewrite(gated, "unit i is in every width of at least i")
    wrong = {"probabilities for gates": sum(p[i] * v[i] for i in range(3)), "heads": sum(
        sum(p[: i + 1]) * v[i] for i in range(3)
    )}  # fmt: skip

    mean = Derivation("sum of the gates", sum(sum(p[i:]) for i in range(3)))
    mean = mean.rewrite(p[0] + 2 * p[1] + 3 * p[2], "unit i counts once for every width of at least i")

    a, rho, decay, u = sp.symbols("a rho lambda u", positive=True)
    free = Derivation("price of a unit of effect u, gate to 0", rho * a)
    free = free.apply(lambda e: sp.limit(e, a, 0, "+"), sp.Integer(0), "the weight u/a makes up for the gate")
    paid = Derivation("slope of rho a + lambda (u/a)^2", sp.diff(rho * a + decay * (u / a) ** 2, a))
    best = (2 * decay * u**2 / rho) ** sp.Rational(1, 3)
    paid = paid.apply(lambda e: sp.solve(e, a, dict=True)[0][a], best, "one stationary point, a minimum")
    return [
        parts.claims(gated, wrong),
        mean.claims(p[0] + 2 * p[1] + 3 * p[2], {"number of widths": sp.Integer(3)}),
        free.claims(sp.Integer(0), {"price of a unit": rho}),
        paid.claims(best, {"square root": sp.sqrt(2 * decay * u**2 / rho), "none": sp.Integer(0)}),
    ]


def tails(logits: Tensor) -> Tensor:
    """m_i = sum of p_k over the widths k > i."""
    return logits.softmax(-1).flip(-1).cumsum(-1).flip(-1)


def heads(logits: Tensor) -> Tensor:
    """The sums the wrong way round."""
    return logits.softmax(-1).cumsum(-1)


def shares(logits: Tensor) -> Tensor:
    """Probabilities for gates."""
    return logits.softmax(-1)


def by_mixing(formula: Gates, logits: Tensor, hidden: Tensor, outgoing: Tensor) -> None:
    """The mixture of all prefix networks, the network of these gates, and the gates of the shipped law."""
    mixture = sum(q * (hidden[:, : k + 1] @ outgoing[: k + 1]) for k, q in enumerate(logits.softmax(-1)))
    gates = formula(logits)
    assert_close(hidden * gates @ outgoing, mixture, rtol=1e-10, atol=1e-11)
    assert_close(Concrete(UNITS, 1.0, logits).eval().gates(), gates, rtol=1e-10, atol=1e-11)


def by_rescaling(formula: Callable[[float], float], logits: Tensor, hidden: Tensor, outgoing: Tensor) -> None:
    """The logits moved towards width 1 with the weights rescaled: what is left of the function and of the price."""
    gates = Concrete(UNITS, 1.0, logits, learnable=False).eval().gates()
    shift = 4.0
    moved = Concrete(UNITS, 1.0, logits + shift * torch.eye(UNITS)[0], learnable=False).eval().gates()
    rescaled = outgoing * (gates / moved).unsqueeze(-1)
    assert_close(hidden * moved @ rescaled, hidden * gates @ outgoing, rtol=1e-9, atol=1e-10)
    share = float(logits.softmax(-1)[0])
    left = float((moved.sum() - 1) / (gates.sum() - 1))
    assert_close(left, formula(share), rtol=1e-8, atol=1e-10)


def shrunk(share: float) -> float:
    """All other probabilities shrink by the same factor, 1 / (1 + p_1 (e^4 - 1))."""
    return 1 / (1 + share * (float(torch.tensor(4.0, dtype=torch.float64).exp()) - 1))


def kept(share: float) -> float:
    """The price that a function has, were it bound to it."""
    return 1.0


@contextmanager
def single() -> Iterator[None]:
    """The shipped shared weights are float32."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float32)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@cache
def ground() -> Ground:
    """Rows and shared weights."""
    data = stream("iris", 0)
    return Ground(data, SPACE, Objective.of(data), seed=0)


#: Whether outgoing weights make up, and the units that are left above the narrowest width.
Move = tuple[bool, Callable[[float, float], float]]


def by_moving(formula: Move, share: float, seed: int) -> None:
    """The shipped mixture with all its mass but a share moved to the narrowest width: its loss, and its units."""
    rescale, left = formula
    with single(), torch.no_grad():
        here, generator = ground(), torch.Generator().manual_seed(seed)
        depth, width = torch.rand(2, generator=generator), torch.rand(2, len(SPACE.gamma), generator=generator)
        before = Mixture(here, depth / depth.sum(), width / width.sum(1, keepdim=True))
        after, weights = escape(before, here.weights.vector, share, rescale=rescale)
        rows = here.validation.rows
        # float32, with outgoing weights that are up to 1/share times as large
        assert_close(after.loss(weights, rows), before.loss(here.weights.vector, rows), rtol=1e-3, atol=1e-4)
        least = float(before.depth @ torch.tensor(SPACE.depth, dtype=torch.float32))  # a unit in each layer
        assert_close(float(after.units()), least + left(share, float(before.units()) - least), rtol=1e-4, atol=1e-4)


def shared(share: float, above: float) -> float:
    """The share of what it was."""
    return share * above


def as_before(share: float, above: float) -> float:
    """All that it was."""
    return above


def flattered() -> dict[str, float]:
    """Widths 1 and 2 with .01 on the second, which alone says anything: target 1, outgoing weight 100, price .1."""
    q, outgoing = torch.tensor([0.99, 0.01]), torch.tensor([0.0, 100.0])
    gates = Concrete(2, 0.5, q.log()).eval().gates().detach()
    drawn = sum(p * (outgoing[: k + 1].sum() - 1) ** 2 / 2 for k, p in enumerate(q))
    price = 0.1 * gates.sum()
    return {"mixture": float((gates @ outgoing - 1) ** 2 / 2 + price), "drawn": float(drawn + price)}


def example() -> dict[str, float]:
    """Price .3 on the units beyond the first, two of them of effect 1; decay 0.001 or none."""
    best = (2 * 0.001 / 0.3) ** (1 / 3)
    return {"gate": best, "cost": 0.3 * best + 0.001 / best**2, "cost at 1": 0.301}


IDENTITY = Identity(
    id="N10.3",
    title="mixtures of prefix widths, and how they escape a price",
    source="here",
    place="continuum/search/shared/mixture.py",
    printed="",
    precise=r"""Widths $1, ..., N$ that share weights, $z_k = c + \sum_{i<k}h_iV_i$, with the outputs mixed by
$p = \mathrm{softmax}(a)$: $\sum_kp_kz_k = c+\sum_im_ih_iV_i$ with $m_i = P(k > i)$, the expected gates of the
law Concrete. So differentiable search over widths with a linear output (DARTS, weights shared by prefix) *is* a
network with Concrete's mean gates, one forward pass for all widths, and the expected width is $\sum_im_i$. If a
price is put on that sum alone it can be escaped: moving $p$ towards width 1 and dividing $V_i$ by what $m_i$
lost leaves the function as it is, so the infimum of loss plus price is that of the loss plus the price of one
unit, approached by logits that run away and weights that explode, and it says nothing of how many units the
data want: a collapse to the narrowest width. A decay $\lambda|V_i|^2$ ends it, at $m_i = (2\lambda
u^2/\rho)^{1/3}$ for a unit of effect $u = m_i|V_i|$, which is still no count. The mixture of *losses* instead
of outputs, an expectation over discrete networks, cannot be rescaled in this way; for a convex loss it is at least the
loss of the mixture of outputs, which flatters the networks that it stands for.""",
    verdict=Verdict.HOLDS,
    proof=r"""Exchange the sums over $k$ and $i < k$. With $p_1$ raised all other $p_k$ shrink by one factor,
hence all $m_i$, $i \geq 1$, and $V_i$ divided by it restores each product; the price of these units tends to 0.
The last is Jensen's inequality. With a decay, minimise $\rho a+\lambda u^2/a^2$ over $a$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="mixture of prefix networks, and the mean gates of the shipped law",
            check=by_mixing,
            claim=tails,
            wrong={"sums the wrong way round": heads, "probabilities for gates": shares},
            given={
                "logits": strategies.logits(UNITS),
                "hidden": strategies.tensors(ROWS, UNITS, low=0.5, high=2),
                "outgoing": strategies.tensors(UNITS, OUTPUTS, low=0.5, high=2),
            },
        ),
        Witness(
            name="price that is left after rescaling, by the shipped law",
            check=by_rescaling,
            claim=shrunk,
            wrong={"a price that binds": kept},
            given={
                "logits": strategies.logits(UNITS),
                "hidden": strategies.tensors(ROWS, UNITS, low=0.5, high=2),
                "outgoing": strategies.tensors(UNITS, OUTPUTS, low=0.5, high=2),
            },
        ),
        Witness(
            name="shipped mixture of widths and depths after the shipped move",
            check=by_moving,
            claim=(True, shared),
            wrong={"weights stay": (False, shared), "the price stays": (True, as_before)},
            given={"share": strategies.numbers(0.01, 0.9), "seed": strategies.seeds()},
            examples=8,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Widths 1 and 2, of which the second unit alone says anything, loss $(z-1)^2/2$, price .1 a unit:
the best network has width 2 and costs .2. With probability .01 of width 2 and $V_2 = 100$ the mixture costs $0 +
.101$; the networks that it stands for cost 49.601 in the mean, and its mode is width 1, which costs .6.""",
            numbers={"mixture": 0.101, "drawn": 49.601},
            compute=flattered,
        ),
        Counterexample(
            text=r"""A unit of effect 1 at the price .3: with a decay of .001 its gate comes to rest at
$(2\cdot.001/.3)^{1/3} = .1882$ and costs $.0847$, not $.301$ as with the gate at 1.""",
            numbers={"gate": 0.1882, "cost": 0.0847, "cost at 1": 0.301},
            compute=example,
            tolerance=5e-5,
        ),
    ),
    references=(
        "H. Liu, K. Simonyan and Y. Yang, DARTS, ICLR 2019",
        "W. Grathwohl et al., Gradient-based Optimization of Neural Network Architecture, 2018, Eq. 6",
    ),
    covers=("continuum.widths.concrete", "continuum.search.shared.mixture", "continuum.search.shared.collapse"),
    document="n10_3_mixture_of_prefixes.md",
)
