"""A price of 1e-8 a unit is worth at most 4.5e-5 nats in all: it cannot have narrowed the layers by a fifth."""

from collections.abc import Callable

import sympy as sp
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Concrete, price
from proofs_checks import strategies
from proofs_checks.compare import require
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness

RHO = 1e-8
BLOCKS = 4 * (160,) + 4 * (320,) + 4 * (640,)
#: Table 1: widths in per cent, of the width and the joint model on both data sets.
WIDTHS = (81.89, 77.14, 75.98, 77.83)
#: Epochs at each learning rate, steps an epoch (50,000 rows in batches of 128), and momentum.
SCHEDULE, STEPS, MOMENTUM = ((60, 0.1), (60, 0.02), (40, 0.004), (40, 0.0008)), 391, 0.9
Pull = Callable[[Tensor], Tensor]


def derive() -> list[Derivation]:
    """The whole price, what narrowing saves of it, the pull on a logit, and how far that can have moved one."""
    rho, w, n = sp.symbols("rho w n", positive=True)
    whole = Derivation("price of all widths", rho * n * (w + 2 * w + 4 * w)).rewrite(7 * n * w * rho, "three groups")
    at = {n: 4, w: 160, rho: sp.Rational(1, 10**8)}
    whole = whole.apply(lambda e: e.subs(at), sp.Rational(448, 10**7), "4 blocks a group, 160 channels, 1e-8")
    whole.claims(
        sp.Rational(448, 10**7), {"one group": sp.Rational(64, 10**7), "depth's price": 12 * sp.Rational(1, 1000)}
    )
    least = sp.Rational(str(min(WIDTHS))) / 100
    saved = Derivation("saved at the narrowest", whole.value * (1 - least))
    saved = saved.rewrite(sp.Rational(1076096, 10**11), "24.02 per cent")

    logits = sp.symbols("a_1:4", real=True)
    total = sum(sp.exp(a) for a in logits)
    q = [sp.exp(a) / total for a in logits]
    mean = sum((j + 1) * share for j, share in enumerate(q))
    pull = Derivation("pull on logit 3 of 3", sp.diff(mean, logits[2]))
    pull = pull.rewrite(q[2] * (3 - mean), "q_j (j - E k)")
    pull.claims(q[2] * (3 - mean), {"q_j j": q[2] * 3, "without q_j": 3 - mean})
    last = sp.Symbol("K", positive=True)
    two = Derivation(
        "law on the widths 1 and K, chance p of K", sp.Symbol("p") * (last - (1 + sp.Symbol("p") * (last - 1)))
    )
    two = two.apply(
        lambda e: e.subs(sp.Symbol("p"), sp.solve(sp.diff(e, sp.Symbol("p")), sp.Symbol("p"))[0]),
        (last - 1) / 4,
        "largest, at p = 1/2",
    )
    two.claims((last - 1) / 4, {"half": (last - 1) / 2, "eighth": (last - 1) / 8})

    length = (
        sum(epochs * sp.Rational(str(rate)) for epochs, rate in SCHEDULE) * STEPS / (1 - sp.Rational(str(MOMENTUM)))
    )
    path = Derivation("sum of all steps", length).rewrite(sp.Rational(2890272, 100), "momentum multiplies by 10")
    moved = path.apply(
        lambda e: e / 10**8 * sp.Rational(639, 4), sp.Rational("0.046172"), "times price and pull, K = 640", _close
    )
    j = sp.Symbol("j")
    spread = Derivation(
        "speed of the mean from a uniform law", sp.summation((j - (last + 1) / 2) ** 2 / last**2, (j, 1, last))
    )
    spread = spread.rewrite((last**2 - 1) / (12 * last), "sum of d_j^2 / K^2")
    uniform = Derivation("mean of the uniform law", sp.summation(sp.Symbol("j") / last, (sp.Symbol("j"), 1, last)))
    uniform = uniform.rewrite((last + 1) / 2, "half the units")
    return [
        whole,
        saved.claims(sp.Rational(1076096, 10**11), {"all of it": whole.value}),
        pull,
        two,
        moved.claims(sp.Rational("0.046172"), {"no momentum": sp.Rational("0.0046172")}, _close),
        spread.claims((last**2 - 1) / (12 * last), {"a variance": (last**2 - 1) / 12}),
        uniform.claims((last + 1) / 2, {"all": last}),
    ]


def _close(left: sp.Expr, right: sp.Expr) -> bool:
    return bool(abs(sp.N(left - right)) < 1e-6)


def pulls(logits: Tensor) -> Tensor:
    """q_j (j - E k), widths counted from 1."""
    q, sizes = logits.softmax(-1), torch.arange(1.0, len(logits) + 1)
    return q * (sizes - q @ sizes)


def uncentred(logits: Tensor) -> Tensor:
    """q_j j."""
    return logits.softmax(-1) * torch.arange(1.0, len(logits) + 1)


def unweighted(logits: Tensor) -> Tensor:
    """j - E k: as if unlikely widths were pulled as strongly."""
    q, sizes = logits.softmax(-1), torch.arange(1.0, len(logits) + 1)
    return sizes - q @ sizes


def by_price(formula: Pull, logits: Tensor, rho: float) -> None:
    """Autograd of the shipped price, and the shipped closed form."""
    law = Concrete(len(logits), 0.1, logits)
    (slope,) = torch.autograd.grad(price(law, rho), law.logits)
    assert_close(slope, rho * formula(logits), rtol=1e-10, atol=1e-13)
    assert_close(law.cardinality_gradient(), formula(logits), rtol=1e-10, atol=1e-13)


def by_bound(bound: Callable[[int], float], logits: Tensor, units: int) -> None:
    """No law is pulled more strongly than the bound says, and that on the two ends is pulled so."""
    law = Concrete(units, 0.1, logits[:units])
    strongest = float(law.cardinality_gradient().abs().max())
    require(strongest <= bound(units) + 1e-12, f"pulled by {strongest:.4g}")
    ends = torch.full((units,), -60.0)
    ends[0] = ends[-1] = 0.0
    assert_close(float(Concrete(units, 0.1, ends).cardinality_gradient().abs().max()), bound(units), rtol=1e-10, atol=0)


def example() -> dict[str, float]:
    """Prices in 1e-5 nats; largest motion of a logit in 1e-3; drift of a uniform law in 1e-5; its mean in per cent."""
    laws = [Concrete(units, 0.1, torch.zeros(units)) for units in BLOCKS]
    full = RHO * sum(law.units for law in laws)
    path = STEPS * sum(epochs * rate for epochs, rate in SCHEDULE) / (1 - MOMENTUM)
    return {
        "price": 1e5 * full,
        "saved": 1e5 * full * (1 - min(WIDTHS) / 100),
        "moved": 1e3 * path * RHO * (max(BLOCKS) - 1) / 4,
        "drift": 1e5 * path * RHO * float(laws[-1].cardinality_gradient().square().sum()) / laws[-1].units,
        "uniform": 100 * laws[0].cardinality().item() / laws[0].units,
    }


IDENTITY = Identity(
    id="B11",
    title="what a price of 1e-8 can narrow",
    source="VMO",
    place="section 2, equation 2; section 4, with table 1",
    printed=r""""$r(A)$ is a regularization function, weighted by $\gamma$, that penalizes the complexity of a model
architecture"; "We use a regularization penalty of $10^{-3}$ for depth and $10^{-8}$ for width"; widths of 75.98% to
81.89% in table 1.""",
    precise=r"""$r = \sum_l k_l$ with one width for each of the 12 blocks of WRN-28-10 is at most $4(160 + 320 + 640) =
4480$, so the penalty is at most $4.48\cdot 10^{-5}$ nats (twice that with a width for each convolution), and narrowing
by the 18.1% to 24.0% of table 1 saves at most $1.08\cdot 10^{-5}$ of it. (i) *As an optimum:* if weights and laws
minimise $U$, the mean training loss of the laws exceeds that of full width, with any weights, by no more than these
$1.08\cdot 10^{-5}$ nats. (ii) *As a force:* the penalty $\rho\,Ek$ pulls logit $j$ by $\rho q_j(j - E k)$, at most
$\rho(K-1)/4$ for any law. Over the training of the baseline (200 epochs of 391 steps at rates $0.1$ to $0.0008$;
momentum $0.9$ and batches of 128 as recalled), if the logits are trained by it as all else is, that adds up to less
than $0.047$ in any logit, or 10% in a probability and in the mean width; from a uniform law it moves the mean by
$0.0024$% of the units. So the penalty did not make the layers narrow. What did, the figures do not say: the loss of
sampled widths, the bias of the Concrete relaxation (B06, B07), or the start, since a uniform law over widths has the
mean $(K+1)/2$: from there 76% to 82% would be growth.""",
    verdict=Verdict.CORRECTED,
    proof=r"""(i) $U$ at its minimum is at most $U$ at full width with any weights: subtract the penalties. (ii) $dE
k/da_j = q_j(j - Ek)$. With $d_j = j - Ek$, $\sum_j q_jd_j = 0$, the positive and the negative terms have equal sums, so
$q_j|d_j| \leq \frac{1}{2}\sum_i q_i|d_i| \leq (K-1)/4$; equality for chances $1/2$ at $1$ and $K$. Descent adds its
forces, and momentum $\beta$ multiplies the sum of the steps by at most $1/(1-\beta)$. If no logit moves by more than
$c$, no probability, and no mean of positive numbers, changes by a factor beyond $e^{2c}$. From the uniform law $dEk =
\sum_j q_jd_j\,da_j$ is the sum of the steps times $\rho\sum_j d_j^2/K^2 = \rho(K^2-1)/12K$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="gradient of the shipped price in the logits",
            check=by_price,
            claim=pulls,
            wrong={"not centred": uncentred, "not weighted": unweighted},
            given={"logits": strategies.logits(5), "rho": st.sampled_from([RHO, 1e-3, 1.0])},
            examples=15,
        ),
        Witness(
            name="strongest pull of any shipped law",
            check=by_bound,
            claim=lambda units: (units - 1) / 4,
            wrong={
                "an eighth": lambda units: (units - 1) / 8,
                "half": lambda units: (units - 1) / 2,
                "of the units": lambda units: units / 4,
            },
            given={"logits": strategies.logits(8), "units": st.integers(2, 8)},
            examples=15,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""The whole penalty is $4.48\cdot 10^{-5}$ nats, its part above 75.98% is $1.076\cdot 10^{-5}$; the
largest motion of a logit is $28{,}903\cdot 10^{-8}\cdot 159.75 = 0.04617$, and from the uniform law over 640 widths the
mean drifts by $28{,}903\cdot 10^{-8}/12 = 2.41\cdot 10^{-5}$ of them. A uniform law over 160 widths has the mean
80.5, which is 50.31%.""",
            numbers={"price": 4.48, "saved": 1.076, "moved": 46.17, "drift": 2.41, "uniform": 50.31},
            compute=example,
            tolerance=5e-3,
        ),
    ),
    references=(
        "S. Zagoruyko and N. Komodakis, Wide residual networks, BMVC 2016; code: "
        "github.com/szagoruyko/wide-residual-networks, scripts/train_cifar.sh (rates and epochs)",
    ),
    covers=("continuum.widths.concrete", "continuum.widths.penalty.geometry"),
)
