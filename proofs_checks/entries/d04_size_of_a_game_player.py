"""How many parameters the first deep network that played Atari games has: seventy times what the slide says."""

from collections.abc import Callable

import sympy as sp
from hypothesis import strategies as st
from torch.testing import assert_close

from continuum.nn import MLP
from continuum.widths import Interval
from proofs_checks.convolution import Convolution, Size, built, counted
from proofs_checks.derivation import Derivation
from proofs_checks.identity import Counterexample, Identity, Verdict, Witness

SIDE, FRAMES = 84, 4
EARLY = (Convolution(16, 8, 4), Convolution(32, 4, 2))
LATE = (Convolution(32, 8, 4), Convolution(64, 4, 2), Convolution(64, 3, 1))
FEWEST, MOST = 4, 18

Count = Callable[[int, int, list[Convolution], list[int]], Size]


def derive() -> list[Derivation]:
    """Sides, then filters and dense layers one after the other, as polynomials in the number of actions."""
    n, k, s, c, f, actions = sp.symbols("n k s c f A", integer=True, positive=True)
    side = sp.floor((n - k) / s) + 1
    filters = (k**2 * c + 1) * f

    def sides(name: str, before: int, layer: Convolution, claim: int) -> Derivation:
        chain = Derivation(name, side).apply(
            lambda e: e.subs({n: before, k: layer.kernel, s: layer.stride}), sp.Integer(claim), "places of the filter"
        )
        return chain.claims(sp.Integer(claim), {"no place at the start": claim - 1, "as large as before": before})

    def total(name: str, parts: list[sp.Expr], claim: sp.Expr, wrong: dict[str, sp.Expr]) -> Derivation:
        return Derivation(name, sum(parts)).apply(sp.expand, claim, "sum over the layers").claims(claim, wrong)

    def layers(*shapes: tuple[int, int, int]) -> list[sp.Expr]:
        return [filters.subs({k: size, c: before, f: after}) for size, before, after in shapes]

    early = layers((8, 4, 16), (4, 16, 32))
    dense = [(9 * 9 * 32 + 1) * 256, (256 + 1) * actions]
    claim = 676144 + 257 * actions
    units = [sp.Integer(20**2 * 16), sp.Integer(9**2 * 32), sp.Integer(256), actions]
    later = [*layers((8, 4, 32), (4, 32, 64), (3, 64, 64)), (7 * 7 * 64 + 1) * 512, (512 + 1) * actions]
    most = Derivation("18 actions", claim).apply(lambda e: e.subs(actions, MOST), sp.Integer(680770), "A = 18")
    wrong = {"as printed": sp.Integer(10000), "its units": sp.Integer(9266), "the later network": sp.Integer(1693362)}
    return [
        sides("first side", SIDE, EARLY[0], 20),
        sides("second side", 20, EARLY[1], 9),
        total("parameters", [*early, *dense], claim, {"no biases": claim - 304 - actions, "filters only": sum(early)}),
        total("units", units, 9248 + actions, {"dense ones only": 256 + actions, "parameters": claim}),
        total("parameters, 2015", later, 1684128 + 513 * actions, {"the earlier network": claim}),
        most.claims(sp.Integer(680770), wrong),
    ]


def no_biases(side: int, channels: int, layers: list[Convolution], dense: list[int]) -> Size:
    """Weights alone."""
    size = counted(side, channels, layers, dense)
    return Size(size.parameters - sum(layer.filters for layer in layers) - sum(dense), size.units)


def once_per_place(side: int, channels: int, layers: list[Convolution], dense: list[int]) -> Size:
    """Filters that are not shared: each place has its own."""
    size, extra = counted(side, channels, layers, dense), 0
    for layer in layers:
        side = layer.side(side)
        extra += (side**2 - 1) * (layer.kernel**2 * channels + 1) * layer.filters
        channels = layer.filters
    return Size(size.parameters + extra, size.units)


def pooled_to_one(side: int, channels: int, layers: list[Convolution], dense: list[int]) -> Size:
    """The dense part sees one number per channel."""
    size, last = counted(side, channels, layers, dense), side
    for layer in layers:
        last = layer.side(last)
    lost = (last**2 - 1) * layers[-1].filters * dense[0]
    return Size(size.parameters - lost, size.units)


def by_building(formula: Count, side: int, channels: int, layers: list[Convolution], dense: list[int]) -> None:
    """A drawn network of torch; its dense part is the shipped perceptron's, too."""
    assert_close(built(side, channels, layers, dense), formula(side, channels, layers, dense), rtol=0, atol=0)
    before = counted(side, channels, layers, [1])
    inputs = before.parameters - counted(side, channels, layers, []).parameters - 1
    perceptron = MLP(inputs, dense[-1], [Interval(units, float(units)) for units in dense[:-1]])
    by_hand = counted(side, channels, layers, dense).parameters - counted(side, channels, layers, []).parameters
    assert_close(sum(p.numel() for p in perceptron.layers.parameters()), by_hand, rtol=0, atol=0)


def of_the_paper(formula: Callable[[int], Size], actions: int) -> None:
    """The network of the paper that the slide shows."""
    assert_close(built(SIDE, FRAMES, EARLY, (256, actions)), formula(actions), rtol=0, atol=0)


def both() -> dict[str, float]:
    """The networks of 2013 and of 2015, with the fewest and with all actions."""
    figures: dict[str, float] = {}
    for year, layers, hidden in ((2013, EARLY, 256), (2015, LATE, 512)):
        for actions in (FEWEST, MOST):
            size = built(SIDE, FRAMES, layers, (hidden, actions))
            figures |= {f"parameters, {year}, {actions}": size.parameters, f"units, {year}, {actions}": size.units}
    return figures


SHAPES = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 2))
LAYERS = st.lists(SHAPES.map(lambda shape: Convolution(*shape)), min_size=1, max_size=2)

IDENTITY = Identity(
    id="D04",
    title="size of a network that plays games",
    source="Notes",
    place="slide on overparametrisation, with the title page of Playing Atari with Deep Reinforcement Learning",
    printed=r""""Playing Atari with Deep Reinforcement Learning [...] ~10,000 parameters in network".""",
    precise=r"""The network of that paper takes four frames of 84 by 84, and has 16 filters of 8 by 8 with stride 4,
32 of 4 by 4 with stride 2, 256 dense units and one output per action, of which the games have $A = 4$ to 18. So it
has $676144 + 257A$ weights and biases, 677,172 to 680,770, and $9248 + A$ units, 9,252 to 9,266. The printed figure
is near the number of *units* and sixty-eight times too small for that of parameters. The better known network of
2015 (32, 64 and 64 filters, 512 dense units) has $1684128 + 513A$: 1,686,180 to 1,693,362.""",
    verdict=Verdict.FALSE,
    proof=r"""A filter of $k$ by $k$ on $c$ channels has $k^2c$ weights and a bias, and fits into
$\lfloor(n-k)/s\rfloor + 1$ places along a side of $n$: 20, then 9. Filters: $257\cdot 16 = 4112$ and $257\cdot 32 =
8224$; dense: $(81\cdot 32 + 1)\cdot 256 = 663808$ and $257A$. Units: $400\cdot 16 + 81\cdot 32 + 256 + A$.""",
    symbolic=derive,
    witnesses=(
        Witness(
            name="drawn convolutional networks",
            check=by_building,
            claim=counted,
            wrong={"no biases": no_biases, "filters not shared": once_per_place, "pooled": pooled_to_one},
            given={
                "side": st.integers(8, 12),
                "channels": st.integers(1, 3),
                "layers": LAYERS,
                "dense": st.lists(st.integers(1, 5), min_size=1, max_size=3),
            },
            examples=10,
        ),
        Witness(
            name="the network of the paper",
            check=of_the_paper,
            claim=lambda actions: Size(676144 + 257 * actions, 9248 + actions),
            wrong={
                "as printed": lambda actions: Size(10000, 9248 + actions),
                "units for parameters": lambda actions: Size(9248 + actions, 9248 + actions),
                "that of 2015": lambda actions: Size(1684128 + 513 * actions, 21632 + actions),
            },
            given={"actions": st.integers(FEWEST, MOST)},
            examples=3,
        ),
    ),
    counterexamples=(
        Counterexample(
            text=r"""Built in torch: the network of 2013 has 677,172 parameters and 9,252 units for 4 actions,
680,770 and 9,266 for 18; that of 2015 has 1,686,180 and 21,636, or 1,693,362 and 21,650. The second layer alone has
8,224 parameters; the dense one, 663,808.""",
            numbers={
                "parameters, 2013, 4": 677172,
                "units, 2013, 4": 9252,
                "parameters, 2013, 18": 680770,
                "units, 2013, 18": 9266,
                "parameters, 2015, 4": 1686180,
                "units, 2015, 4": 21636,
                "parameters, 2015, 18": 1693362,
                "units, 2015, 18": 21650,
            },
            compute=both,
        ),
    ),
    references=(
        "V. Mnih et al., Playing Atari with Deep Reinforcement Learning, arXiv 1312.5602, 2013, section 4.1 "
        "(architecture and number of actions)",
        "V. Mnih et al., Human-level control through deep reinforcement learning, Nature 518, 2015, methods",
    ),
    covers=("continuum.nn.mlp",),
)
