"""Any convex decay of the weights behind linear gates is blind to splitting and feels capacity, by its conjugate."""

from collections.abc import Callable
from operator import eq

import sympy as sp
import torch
from hypothesis import assume
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from torch import Tensor
from torch.testing import assert_close

from continuum.widths import Decay, Interval, Perspective, PowerDecay, perspective
from proofs_checks import one_unit, strategies
from proofs_checks.compare import require
from proofs_checks.derivation import Derivation
from proofs_checks.gated_decay import COSH, Cost, at, best, cost_of
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness
from proofs_checks.readout import Readout, one_sided

UNITS = 3
POWERS = (4 / 3, 1.5, 2.0, 3.0)


def derive() -> list[Derivation]:
    """The conjugate of a power and its ends, the split of a unit, its price, and which masks and weights split."""
    return [_conjugate(), *_ends(), _split(), _threshold(), _family()]


def _conjugate() -> Derivation:
    """A unit alone: minimise G v + a h(v/a) for h = lambda r^q/q and G < 0, with q = p/(p-1)."""
    v, a, lam, pull, p = sp.symbols("v a lambda G p", positive=True)
    q = p / (p - 1)
    chain = Derivation("gain of a unit of gate a, linear loss", -pull * v + a * lam / q * (v / a) ** q)
    chain = chain.apply(
        lambda e: e.subs(v, a * (pull / lam) ** (p - 1)),
        -a * pull**p / (p * lam ** (p - 1)),
        "at v = a (|G|/lambda)^(p-1)",
        test=_alike,
    )
    slope = Derivation("its slope in v", -pull + lam * (v / a) ** (q - 1))
    slope.apply(lambda e: e.subs(v, a * (pull / lam) ** (p - 1)), sp.Integer(0), "is 0 there", test=_alike)
    chain = chain.apply(lambda e: sp.diff(e, a), -(pull**p) / (p * lam ** (p - 1)), "slope in a", test=_alike)
    wrong = {
        "no power of lambda": -(pull**p) / (p * lam),
        "no constant": -(pull**p) / lam ** (p - 1),
        "the power itself": -(pull**q) / (q * lam ** (q - 1)),
    }
    return chain.claims(-(pull**p) / (p * lam ** (p - 1)), wrong, test=_alike)


def _ends() -> list[Derivation]:
    """q = 2 is L2(E); q to 1, where p grows, is a threshold; q to infinity a cap of 1 on the length."""
    lam, pull, p = sp.symbols("lambda G p", positive=True)
    gain = -(pull**p) / (p * lam ** (p - 1))
    two = Derivation("q = 2", gain).apply(lambda e: e.subs(p, 2), -(pull**2) / (2 * lam), "insert")
    cap = Derivation("q to infinity", gain).apply(lambda e: sp.limit(e, p, 1), -pull, "p to 1")
    below, above = (gain.subs({pull: sp.Rational(*share) * lam, lam: 1}) for share in ((2, 3), (3, 2)))
    one = [
        Derivation("q to 1, |G| < lambda", below).apply(lambda e: sp.limit(e, p, sp.oo), sp.Integer(0), "to 1"),
        Derivation("q to 1, |G| > lambda", above).apply(lambda e: sp.limit(e, p, sp.oo), -sp.oo, "to 1", test=eq),
    ]
    return [
        two.claims(-(pull**2) / (2 * lam), {"no half": -(pull**2) / lam}),
        cap.claims(-pull, {"none": sp.Integer(0)}),
        one[0].claims(sp.Integer(0), {"a slope": -(pull**2) / (2 * lam)}),
        one[1].claims(-sp.oo, {"none": sp.Integer(0)}, test=eq),
    ]


def _split() -> Derivation:
    """Two copies of gates a and b share an effective weight: the least cost is that of one unit of gate a + b."""
    v, first, a, b, lam, q = sp.symbols("v v_1 a b lambda q", positive=True)
    cost = lam / q * (a * (first / a) ** q + b * ((v - first) / b) ** q)
    slope = Derivation("slope of the cost in the share of the first copy", cost)
    slope = slope.apply(
        lambda e: sp.diff(e, first).subs(first, a * v / (a + b)), sp.Integer(0), "0 where densities agree", test=_alike
    )
    chain = Derivation("cost of two copies", cost)
    chain = chain.apply(
        lambda e: e.subs(first, a * v / (a + b)), lam / q * (a + b) * (v / (a + b)) ** q, "there", test=_alike
    )
    wrong = {"masks": lam / q * (v / (a + b)) ** q, "halves": lam / q * (a + b) * (v / 2) ** q}
    return chain.claims((a + b) * lam / q * (v / (a + b)) ** q, wrong, test=_alike)


def _threshold() -> Derivation:
    """h*(mu) = rho for a power, and mu v_0 = h(v_0) + rho: the line meets the curve at the full norm."""
    lam, rho, p = sp.symbols("lambda rho p", positive=True)
    q = p / (p - 1)
    mu = (p * lam ** (p - 1) * rho) ** (1 / p)
    full = (mu / lam) ** (p - 1)
    chain = Derivation("mu v_0 at v_0 = (h*)'(mu)", mu * full)
    chain = chain.rewrite(lam / q * full**q + rho, "h(v_0) + rho", test=_alike)
    return chain.claims(p * rho, {"2 rho, whatever the power": 2 * rho, "rho": rho}, test=_alike)


def _family() -> Derivation:
    """Of a^s h(|v|/a^t) with a power q the conjugate is in a^(s + (t-s) p): additive iff that exponent is 1."""
    a, s, t, p = sp.symbols("a s t p", positive=True)
    chain = Derivation("conjugate of two copies of half the gate", 2 * (a / 2) ** (s + (t - s) * p))
    chain = chain.rewrite(a ** (s + (t - s) * p) * 2 ** (1 - s - (t - s) * p), "powers of 2 apart", test=_alike)
    chain = chain.apply(
        lambda e: sp.solve(sp.Eq(1 - s - (t - s) * p, 0), t)[0], s + (1 - s) / p, "equal iff their exponent is 0"
    )
    wrong = {"linear only": sp.Integer(1), "square root": sp.Rational(1, 2)}
    return chain.claims((1 + s * (p - 1)) / p, wrong)


def _alike(left: sp.Expr, right: sp.Expr) -> bool:
    """Equal at two points: powers with symbols in their exponents do not simplify."""
    difference = sp.sympify(left) - sp.sympify(right)
    points = (
        {"v": 1.9, "v_1": 0.3, "a": 0.7, "b": 0.4, "lambda": 1.3, "rho": 0.6, "G": 0.9, "p": 3.7, "q": 2.6, "s": 0.3},
        {"v": 0.8, "v_1": 0.5, "a": 0.2, "b": 0.9, "lambda": 0.4, "rho": 1.7, "G": 2.1, "p": 1.6, "q": 1.4, "s": 1.2},
    )
    for values in points:
        given = {symbol: values.get(symbol.name, 0.45) for symbol in difference.free_symbols}
        if abs(sp.N(difference.subs(given))) > 1e-12:
            return False
    return True


Gain = Callable[[Decay, Tensor], Tensor]
PowerGain = Callable[[PowerDecay, Tensor], Tensor]
CostOf = Callable[[Decay], Cost]
Threshold = Callable[[PowerDecay, float], float]


def by_slopes(formula: Gain, readout: Readout, k: int, decay: Decay) -> None:
    """One-sided differences of V on both sides of an integer."""
    pull = best(readout, Interval(UNITS, float(k)).gates(), cost_of(decay)).pull.norm(dim=-1)
    assume(float(pull[k]) > 0.1)  # where h* has its second derivative
    right = one_sided(lambda gamma: at(readout, gamma, decay), float(k), 1e-4)
    assert_close(right, -formula(decay, pull[k]), rtol=1e-4, atol=1e-5)
    if k:
        left = one_sided(lambda gamma: at(readout, gamma, decay), float(k), -1e-4)
        assert_close(left, -formula(decay, pull[k - 1]), rtol=1e-4, atol=1e-5)


def power_gain(exponent: Callable[[float], float] = lambda q: q / (q - 1), *, constant: bool = True) -> PowerGain:
    """s^p / (p lam^(p-1)); the claim has the conjugate exponent p."""

    def gain(decay: PowerDecay, pull: Tensor) -> Tensor:
        p = exponent(decay.power)
        factor: float = (p if constant else 1) * decay.decay ** (p - 1)
        return torch.pow(pull, p) / factor

    return gain


Exponent = Callable[[float, float], float]


def by_splitting(formula: Exponent, readout: Readout, first: float, second: float, decay: PowerDecay, s: float) -> None:
    """V of a layer with one unit of gate a + b, and with two copies of gates a, b, under a^s h(|v|/a^t)."""
    t = formula(s, decay.power)
    cost = lambda v, a: a**s * decay.value(v.norm(dim=-1) / a**t)  # noqa: E731
    total = (first + second) / 2
    one = readout.with_features(readout.features[:, :2])
    two = readout.with_features(readout.features[:, [0, 0, 1]])
    whole = best(one, torch.tensor([total, 1.0]), cost)
    assume(float(whole.pull[0].norm()) > 0.1)
    parts = best(two, torch.tensor([first / 2, second / 2, 1.0]), cost)
    assert_close(parts.value, whole.value, rtol=1e-9, atol=1e-10)


def by_copies(formula: CostOf, readout: Readout, share: float, decay: Decay) -> None:
    """The same for the shipped perspective of any decay."""
    one, two = (readout.with_features(readout.features[:, columns]) for columns in ([0, 1], [0, 0, 1]))
    whole = best(one, torch.tensor([1.0, 1.0]), formula(decay))
    assume(float(whole.pull[0].norm()) > 0.1)
    parts = best(two, torch.tensor([share, 1 - share, 1.0]), formula(decay))
    assert_close(parts.value, whole.value, rtol=1e-9, atol=1e-10)


def by_recruiting(formula: Threshold, readout: Readout, k: int, decay: PowerDecay, factor: float) -> None:
    """With a price a little below or above h*(|G|) a small gate lowers or raises V + rho gamma, and so says mu."""
    pull = best(readout, Interval(UNITS, float(k)).gates(), cost_of(decay)).pull[k].norm()
    assume(float(pull) > 0.1)
    rho = factor * float(decay.conjugate(pull))
    gain = one_sided(lambda gamma: at(readout, gamma, decay), float(k), 1e-4) + rho
    require(bool(gain < 0) == (float(pull) > formula(decay, rho)), "recruited, or not, against the threshold")


def by_gates(formula: Callable[[Decay, float, float], float], decay: Decay, norm: float, rho: float) -> None:
    """The cheapest gate by the shipped perspective, and its cost by the formula."""
    v = torch.tensor([[norm]])

    def cost(log: float) -> float:
        gate = torch.tensor([log]).exp()
        return float(perspective(v, gate, decay) + rho * gate)

    least = min(minimize_scalar(cost, bounds=(-5, 0), method="bounded", options={"xatol": 1e-8}).fun, cost(0.0))
    assert_close(least, formula(decay, norm, rho), rtol=1e-7, atol=1e-7)


def envelope(decay: Decay, norm: float, rho: float) -> float:
    """The shipped penalty."""
    return float(Perspective(decay, rho).value(torch.tensor([[norm]])))


POWERED = st.builds(PowerDecay, st.sampled_from([1.0, 0.5, 2.0]), st.sampled_from(POWERS))
DECAYS = st.one_of(POWERED, st.just(COSH))
K = st.integers(0, UNITS - 1)
READOUTS = strategies.readouts(UNITS)

IDENTITY = Identity(
    id="N3.9",
    title="perspective: every convex decay in its space",
    source="here",
    place="for fixed features and optimised outgoing weights",
    printed=r"""$V'(k^+) = -h^*(|G_k|)$""",
    precise=r"""Fixed features $y_i$, $F$ convex and differentiable, linear gates $a_i \geq 0$, and the penalty
$\int_E h(|W|)\,d\mu = \sum_i a_i h(|W_i|)$ for a convex, lower semicontinuous $h: [0, \infty) \to [0, \infty]$ with
$h(0) = 0$, finite at some $r > 0$ and *superlinear*, $h(r)/r \to \infty$. ($h \geq 0$ makes $h$ nondecreasing and
$h(|\cdot|)$ convex.) $h^*(s) = \sup_{r \geq 0} rs - h(r)$ is then finite, convex and continuous on $[0, \infty)$. A
unit of gate $a$ and effective weight $v = aW$ costs $P(a, v) = a\,h(|v|/a)$, and $P(0, v) = 0$ for $v = 0$, else
$\infty$. $V(a) = \min_v F(\sum_i y_i v_i) + \sum_i P(a_i, v_i)$, $z^*$ is the output at a minimiser and $u^* =
F'(z^*)$.

(i) *Slope.* A minimiser exists, and all of them have the same $u^*$. $V$ is convex and $C^1$ on $[0, \infty)^N$ with

$\frac{\partial V}{\partial a_i} = -h^*(|\langle u^*, y_i\rangle|)$,

one-sided at $a_i = 0$. So with $G_i = \langle u^*, y_i\rangle$ the optimum of a layer of width $\gamma$ has the slopes
$V'(k^+) = -h^*(|G_k|)$ and $V'(k^-) = -h^*(|G_{k-1}|)$ at an integer. For $h = \frac{\lambda}{q} r^q$, $q > 1$ and
$\frac{1}{q} + \frac{1}{q'} = 1$ that is $-\frac{|G_k|^{q'}}{q' \lambda^{q'-1}}$.

(ii) *Split-blind.* For all $a, b \geq 0$: $\min_{v_1 + v_2 = v} P(a, v_1) + P(b, v_2) = P(a+b, v)$, so a unit of gate
$a + b$ has the optimum of two copies with gates $a$ and $b$, whatever $h$ and the data are.

(iii) *Price.* $V(k+a) + \rho a$, $\rho > 0$, is convex in $a$, and $a = 0$ minimises it on $[0, 1]$ iff $h^*(|G_k|)
\leq \rho$: recruited iff $|G_k| > \mu$, where $h^*(\mu) = \rho$. With a gate in $[0, 1]$ for each unit, minimising over
the gates leaves $Q(v) = \mu|v|$ for $|v| \leq v_0$ and $h(|v|) + \rho$ beyond, at the gates $\min(1, |v|/v_0)$, for any
$v_0 \in \partial h^*(\mu)$; $Q$ is convex, with the conjugate $(h^*(|g|) - \rho)^+$. For the power $\mu v_0 = q'
\rho$; for $q = 2$ $Q$ is the reverse Huber penalty. Decays with equal $\mu$ share the optima in which all $|v_i|$ are
below each $v_0$; only the widths $\sum_i |v_i|/v_0$ differ.

(iv) *Converse.* Let $P(a, \cdot)$, $0 < a \leq 1$, be closed convex functions on $\mathbb{R}^m$ with values in
$(-\infty, \infty]$, and $P(a, 0) = 0$. If a unit of gate $a + b \leq 1$ always has the optimum of two copies of gates
$a$, $b$ - it is enough to ask that for one row, $y = 1$, the loss $\frac{1}{2}|v - t|^2$ and all targets $t$ - then
$P(a, v) = a\,P(1, v/a)$. Nothing is assumed about how $P$ depends on $a$. If $P$ is also isotropic in $v$, $P(a, v) =
a\,h(|v|/a)$ with $h \geq 0$ convex; $h$ is superlinear iff $V'(0^+)$ is finite whatever the data. Instead of $P(a, 0)
= 0$ one may ask $P(a, 0) = \rho a$: the price is what else is split-blind.

(v) *Masks.* For a mask $\phi$ with $\phi(1) = 1$ and plain decay $\frac{\lambda}{q} |W|^q$ split-blind means $\phi(a) =
a^{1/q'}$: the square root of N3.3 at $q = 2$.

(vi) *Without superlinearity.* Let $L = \lim h(r)/r < \infty$, $h \ne 0$ and $F$ bounded below. If $|G_k| < L$, (i)
stays true at $k^+$; if $|G_k| > L$, $V$ jumps down there. L1(E), $h = \lambda r$: $h^* = 0$ up to $\lambda$, so $V$ is
constant on $(k, k+1]$, and falls at $k$ iff $|G_k| > \lambda$.""",
    verdict=Verdict.HOLDS,
    proof=r"""(i) For all $u$ and $v$, with Fenchel's inequality twice, $F(z) + \sum_i P(a_i, v_i) \geq -F^*(u) + \sum_i
\left(\langle u, y_i v_i\rangle + P(a_i, v_i)\right) \geq -F^*(u) - \sum_i a_i h^*(|\langle u, y_i\rangle|)$; at a
minimiser and $u^*$ both are equalities. So $V(a)$ is the maximum of the right side over $u$, taken at $u^*$ alone: a
supremum of affine functions of $a$. $a\,h(r/a)$ falls in $a$, so on $a_i \leq A$ all minimisers lie in one compact
set; hence $u^*(a)$ is bounded, and continuous as the unique maximiser. Inserting $u^*(a)$ at $a'$ and $u^*(a')$ at $a$
bounds $V(a') - V(a)$ on both sides (Danskin). (ii) $P$ is convex and homogeneous in $(a, v)$, so subadditive; equality
at $v_1 = av/(a+b)$. (iii) By (i), and $a\,h(r/a) + \rho a \geq \mu r$ (Fenchel), with equality at $r/a = v_0$. (iv)
Equal envelopes mean equal conjugates, and those of the left side in (ii) add: $p_{a+b}(g) = p_a(g) + p_b(g)$ for $p_a =
P(a, \cdot)^*$. As $p_a(g) \geq -P(a, 0) = 0$ each $p_a(g)$ is monotone in $a$, so linear (Cauchy): $p_a = a\,p_1$, and
$P(a, v) = (a\,p_1)^*(v) = a\,P(1, v/a)$. (v) $P(a, v) = \frac{\lambda}{q} |v|^q \phi^{-q}$ must be $\frac{\lambda}{q}
|v|^q a^{1-q}$. (vi) As (i), where the maximum is over $|\langle u, y_i\rangle| \leq L$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="slopes on both sides of an integer",
            check=by_slopes,
            claim=lambda decay, pull: decay.conjugate(pull),
            wrong={
                "h itself": lambda decay, pull: decay.value(pull),
                "loss without penalty": lambda decay, pull: pull * decay.length(pull),
                "that of L2(E)": lambda decay, pull: pull**2 / (2 * getattr(decay, "decay", 1.0)),
                "none": lambda decay, pull: 0 * pull,
            },
            given={"readout": READOUTS, "k": K, "decay": DECAYS},
            examples=8,
        ),
        Witness(
            name="slopes for a power",
            check=by_slopes,
            claim=power_gain(),
            wrong={"no constant": power_gain(constant=False), "q for q'": power_gain(lambda q: q)},
            given={"readout": READOUTS, "k": K, "decay": POWERED},
            examples=8,
        ),
        Witness(
            name="a unit and its two copies",
            check=by_copies,
            claim=cost_of,
            wrong={
                "linear mask, plain decay": lambda decay: lambda v, a: decay.value(v.norm(dim=-1) / a),
                "root mask, plain decay": lambda decay: lambda v, a: decay.value(v.norm(dim=-1) / a.sqrt()),
                "weight a^2": lambda decay: lambda v, a: a**2 * decay.value(v.norm(dim=-1) / a),
            },
            given={"readout": READOUTS, "share": st.sampled_from([0.5, 0.25, 0.125]), "decay": DECAYS},
            examples=8,
        ),
        Witness(
            name="which masks and weights are split-blind: a^s h(|v|/a^t)",
            check=by_splitting,
            claim=lambda s, q: s + (1 - s) * (q - 1) / q,
            wrong={
                "linear masks alone": lambda s, q: 1.0,
                "the square root for every power": lambda s, q: (1 + s) / 2,
                "1/q": lambda s, q: s + (1 - s) / q,
            },
            given={
                "readout": READOUTS,
                "first": st.sampled_from([0.5, 0.25, 1.0]),
                "second": st.sampled_from([0.5, 0.75, 1.0]),
                "decay": POWERED,
                "s": st.sampled_from([0.0, 1.0, 0.5, 2.0]),
            },
            examples=8,
        ),
        Witness(
            name="recruited iff the gradient is longer than mu",
            check=by_recruiting,
            claim=lambda decay, rho: Perspective(decay, rho).threshold,
            wrong={
                "that of L2(E)": lambda decay, rho: (2 * decay.decay * rho) ** 0.5,
                "rho": lambda decay, rho: rho,
                "no constant": lambda decay, rho: (decay.decay ** (decay.dual - 1) * rho) ** (1 / decay.dual),
            },
            given={"readout": READOUTS, "k": K, "decay": POWERED, "factor": st.sampled_from([0.95, 1.05])},
            examples=8,
        ),
        Witness(
            name="the penalty at the best gate",
            check=by_gates,
            claim=envelope,
            wrong={
                "no cap": lambda decay, norm, rho: Perspective(decay, rho).threshold * norm,
                "a whole gate": lambda decay, norm, rho: float(decay.value(torch.tensor(norm))) + rho * (norm > 0),
                "reverse Huber for all": lambda decay, norm, rho: envelope(
                    PowerDecay(getattr(decay, "decay", 1.0)), norm, rho
                ),
            },
            given={
                "decay": DECAYS,
                "norm": st.sampled_from([0.5, 0.125, 1.0, 2.0, 4.0]),
                "rho": st.sampled_from([0.5, 0.125, 2.0]),
            },
            examples=20,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""*Superlinear* cannot be dropped: the norm of L1(E), $h = r$. One row, $y = 1$, $F = \frac{1}{2}(v
- t)^2$, so $G = -t$ without the unit: for $t = 2$ $V(0) = 2$ and $V(a) = 1.5$ for every $a > 0$; for $t = 1/2$
$V(a) = 0.125$ throughout.""",
            numbers={"V(0), t = 2": 2.0, "V(0.01), t = 2": 1.5, "V(1), t = 2": 1.5, "V(1), t = 1/2": 0.125},
            compute=one_unit.degenerate,
        ),
        Counterexample(
            text=r"""Between: Huber's $h = \frac{1}{2} r^2$ up to 1, then $r - \frac{1}{2}$, has $L = 1$. In the same
example the slope at 0 is $-\frac{1}{2} t^2 = -0.125$ for $t = 1/2$, and for $t = 2$ $V$ jumps by $-0.5$.""",
            numbers={"slope, t = 1/2": -0.125, "jump, t = 2": -0.5},
            compute=one_unit.saturating,
            tolerance=5e-5,
        ),
        Counterexample(
            text=r"""*Convex* cannot be dropped. $h = 1 + \frac{1}{2} r^2$ for $r > 0$ and $h(0) = 0$: $v = 1/2$ costs
$1.125$ in one unit of gate 1, but $0.75$ in one half of it, while the other half rests, and at best $\sqrt{2}/2 =
0.7071$, as the convex hull of $h$ (which is a reverse Huber function). And split-blind does not mean perspective
without it: $P(a, v) = \sqrt{|v|}$ has $\min_{v_1 + v_2 = v} \sqrt{|v_1|} + \sqrt{|v_2|} = \sqrt{|v|}$, but $a\,P(1,
v/a) = \sqrt{a|v|}$.""",
            numbers={"one unit": 1.125, "half of it": 0.75, "least": 0.7071},
            compute=one_unit.counted,
            tolerance=5e-5,
        ),
        Counterexample(
            text=r"""*Isotropic* is needed for $|G|$ alone: in general $V'(0^+) = -H^*(-G)$ for a convex $H(W)$. For
$H = \frac{1}{2} |W|_1^2$ and $G = -(3, 4)$ that is $-\frac{1}{2} \max_j G_j^2 = -8$, beside $-\frac{1}{2} |G|^2 =
-12.5$.""",
            numbers={"largest entry": -8.0, "Euclidean": -12.5},
            compute=one_unit.by_entries,
            tolerance=5e-3,
        ),
    ),
    references=(
        "R. T. Rockafellar, Convex Analysis, 1970, sections 8 (perspective and recession functions), 16 (conjugates of "
        "sums) and 31 (duality)",
        "J. Aczel, Lectures on Functional Equations and Their Applications, 1966, section 2.1 (Cauchy's equation)",
        "F. Bach, R. Jenatton, J. Mairal, G. Obozinski, Optimization with sparsity-inducing penalties, 2012, section 5",
        "P. L. Combettes, C. L. Mueller, Perspective functions: proximal calculus and applications in high-dimensional "
        "statistics, J. Math. Anal. Appl. 457(2), 1283-1306, 2018",
        "H. Dong, K. Chen, J. Linderoth, Regularization vs. relaxation, arXiv 1510.06083 (the envelope at q = 2)",
    ),
    covers=(
        "continuum.widths.penalty.decay",
        "continuum.widths.penalty.perspective",
        "continuum.widths.penalty.shrinkage",
        "continuum.widths.interval",
    ),
    document="n3_9_perspective.md",
)
