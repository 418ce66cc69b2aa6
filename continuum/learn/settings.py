"""How a width is learned: names, defaults and their checks."""

import math
import sys
from dataclasses import dataclass
from numbers import Real

from continuum import checks
from continuum.errors import BadInput

#: Names of the methods; "graded" is the recommended one.
METHODS = ("graded", "interval", "soft_support", "fuzzy", "concrete", "hypergradient", "path")
#: Methods whose decay may have another power than 2.
POWERS = ("graded", "path")
#: Nats of the whole training set per unit of width where held-out rows do not ask for more.
DEFAULT_PRICE = 4.0
#: Prices beyond which nothing changes but the range of floats is left: no unit is worth more, all are worth less.
LEAST_PRICE, MOST_PRICE = 1e-30, 1e30
#: The same of a learning rate, a decay, and the price of a skip, with which prices are multiplied.
LEAST_FACTOR, MOST_FACTOR = 1e-20, 1e20
#: Largest power of a decay; to such powers lengths are numbers.
MOST_POWER = 100.0
#: Prices of a path, from narrow networks to wide ones.
PRICES = (256.0, 128.0, 64.0, 32.0, 16.0, 8.0, 4.0, 2.0, 1.0)
#: Units of a layer at birth, on or in reserve.
POOL = 128
#: Where the noise of a regression is measured that turns nats into its loss.
NOISES = ("training", "held_out")
#: Names of the activations; "auto" chooses by the number of features.
ACTIVATIONS = ("auto", "tanh", "relu")
#: Most units of a layer at birth, and most hidden layers: their memory must be there.
MOST_UNITS, MOST_LAYERS = 1 << 16, 1000
#: Largest seed that PyTorch takes, too.
LARGEST_SEED = 2**63 - 2
#: Up to so many features "auto" takes tanh.
FEW_FEATURES = 3


def checked_price(price: float, *, what: str = "price", remedy: str) -> float:
    """The price, if it is a number > 0 of a size with which floats can reckon; raises ``BadInput``.

    >>> checked_price(4.0, remedy="4 is a common choice")
    4.0
    """
    checks.positive(what, price, remedy=remedy)
    remedy = "no unit is worth more, and all are worth less"
    return float(checks.number(what, price, low=LEAST_PRICE, high=MOST_PRICE, remedy=remedy))


def in_range(what: str, value: float, *, most: float = MOST_FACTOR, remedy: str) -> float:
    """A number > 0 of a size that single precision multiplies; raises ``BadInput``."""
    checks.positive(what, value, remedy=remedy)
    return float(checks.number(what, value, low=LEAST_FACTOR, high=most, remedy=remedy))


def _at_most(what: str, value: int, most: int) -> None:
    if value > most:
        raise BadInput(what, expected=f"at most {most}", came=value, remedy="give a smaller one")


@dataclass(frozen=True)
class LearnConfig:
    r"""How a width is learned.

    Args:
        price: nats of the whole training set that one unit of width must save, at its full weight; None takes
            ``DEFAULT_PRICE`` and raises it where held-out rows show that units fit noise.
        activation: tanh, relu (with incoming weights of unit length), or auto: see ``activation_for``.
        hidden_layers: number of hidden layers, each with its own width.
        start: units that are on at the start. Up to half of ``pool`` it decides only which units these are: every
            start is born with equally many units of the same directions, from which the width from 64 is .98 times
            that from 1 (mean over six regression tasks; 1.00 over six of classes). From a pool of 9, which a start of
            64 must enlarge, it is 1.70 and 1.17 times (``paper/results/learned_width_pool``).
        max_units: most units of a layer that are ever allocated.
        steps: of the graded phase; None: see ``steps_for``. Rounding takes half as many again.
        batch: rows of a minibatch (at most all).
        lr: of Adam and of the block steps, falling to 0 along a cosine.
        decay: :math:`\lambda` of the outgoing weights in :math:`L_2(E)`, in nats per row. It sets, with the price,
            the length :math:`\sqrt{2\rho/\lambda}` of a whole unit's weights.
        seed: of everything random; equal seeds give equal bits on one machine.
        method: one of ``METHODS``, by name.
        exponent: of the gates of the method "interval", :math:`\mathrm{clip}(\gamma - i, 0, 1)^p`; 0.5 is the
            square-root gate. The other methods have gates of their own.
        power: :math:`q > 1` of the decay that the methods "graded" and "path" take, that of :math:`L_q(E)`. Whatever it
            is, a silent unit is recruited at the slope :math:`\mu = \sqrt{2\lambda\rho}`, and a whole one costs
            :math:`\rho`: with both held the strength of the decay follows, and the length of a whole unit's weights is
            :math:`q'\rho/\mu`, :math:`1/q + 1/q' = 1`.
        pool: units of a layer at birth, on or in reserve, more where ``start`` needs them, at most ``max_units``; later
            on at least half as many wait in reserve. At the other defaults a pool of 512 leads to 1.95 times the width
            of a pool of 9 on regression tasks, 1.10 times on classes; with the two options below, to 1.10 and 1.04
            times.
        directions: seed of the incoming weights of units, at birth and of fresh ones; None: ``seed``.
        largest_gate: of a unit. At 1 a unit longer than a whole one pays more than its copies would, and only a
            larger pool has copies; at ``math.inf`` its gate counts them, and the size of the pool matters less.
        noise: of "squared_error", the residual whose variance is one nat: that of the "training" rows, which falls
            where there are more units and makes these cheaper in turn, or that of "held_out" rows, one number that
            the calibration leaves and that is kept.
        skip: a straight map from inputs to outputs beside the hidden layers, each of whose columns has a gate at so
            many times the price of a unit; None: no such map.
        resolution: of "squared_error", the error in standard deviations of the target below which nobody cares: the
            variance that is one nat never falls below its square. Without it the price of a unit vanishes with the
            noise, and a straight line takes hundreds of units.
    """

    price: float | None = None
    activation: str = "auto"
    hidden_layers: int = 1
    start: float = 8
    max_units: int = 512
    steps: int | None = None
    batch: int = 32
    lr: float = 1e-2
    decay: float = 0.004
    seed: int = 0
    method: str = "graded"
    exponent: float = 1.0
    power: float = 2.0
    pool: int = POOL
    directions: int | None = None
    largest_gate: float = 1.0
    noise: str = "training"
    skip: float | None = None
    resolution: float = 0.0

    def __post_init__(self) -> None:
        if self.price is not None:
            checked_price(self.price, remedy="without a price every unit is worth having; None calibrates")
        checks.one_of("activation", self.activation, ACTIVATIONS, plural="activations")
        checks.one_of("method", self.method, METHODS, plural="methods")
        checks.one_of("noise", self.noise, NOISES, plural="noises")
        for name in ("hidden_layers", "max_units", "batch", "pool"):
            checks.whole(name, getattr(self, name), at_least=1)
        if self.steps is not None:
            checks.whole("steps", self.steps, at_least=1)
        for name, most in (("hidden_layers", MOST_LAYERS), ("pool", MOST_UNITS)):
            _at_most(name, getattr(self, name), most)
        if self.method not in POWERS:  # the other methods allocate all units at birth
            _at_most("max_units", self.max_units, MOST_UNITS)
        for name in ("seed", "directions"):
            if name == "seed" or self.directions is not None:
                _at_most(name, checks.whole(name, getattr(self, name), at_least=0), LARGEST_SEED)
        in_range("lr", self.lr, most=MOST_PRICE, remedy="0.01 is a common choice")
        in_range("decay", self.decay, remedy="without decay of the weights no width is worth its price")
        most = min(self.max_units, MOST_UNITS)
        checks.number("start", self.start, low=1, high=most, remedy="start between 1 and max_units")
        checks.positive("exponent", self.exponent, remedy="1 is the linear gate, 0.5 the square-root gate")
        if self.exponent != 1 and self.method != "interval":
            expected, remedy = f"1 with the method {self.method}", "only the gates of the method interval have one"
            raise BadInput("exponent", expected=expected, came=self.exponent, remedy=remedy)
        self._check_power()
        self._check_graded_options()

    def _check_power(self) -> None:
        remedy = "2 is weight decay in L2(E); with the norm of L1(E) a width has no slope"
        if checks.positive("power", self.power, remedy=remedy) <= 1:
            raise BadInput("power", expected="a number > 1", came=self.power, remedy=remedy)
        checks.number("power", self.power, low=1, high=MOST_POWER, remedy=remedy)
        if self.power != 2 and self.method not in POWERS:
            expected, remedy = f"2 with the method {self.method}", f"only {' and '.join(POWERS)} take another"
            raise BadInput("power", expected=expected, came=self.power, remedy=remedy)

    def _check_graded_options(self) -> None:
        """What belongs to the graded method alone."""
        # An integer may exceed all floats but the infinite one.
        sound = isinstance(self.largest_gate, Real) and self.largest_gate >= 1
        if not (sound and (self.largest_gate <= sys.float_info.max or self.largest_gate == math.inf)):
            came, remedy = checks.quoted(self.largest_gate), "1 is a whole unit, math.inf no bound"
            raise BadInput("largest_gate", expected="a float, at least 1", came=came, remedy=remedy)
        if self.skip is not None:
            in_range("skip", self.skip, remedy="None is no map beside the hidden layers")
        checks.number("resolution", self.resolution, low=0, high=1, remedy="0.01 of a standard deviation is fine")
        for name in ("pool", "directions", "largest_gate", "noise", "skip", "resolution"):
            value, default = getattr(self, name), getattr(type(self), name)
            if value != default and self.method != "graded":
                expected = f"{default!r} with the method {self.method}"
                raise BadInput(name, expected=expected, came=repr(value), remedy="only the method graded has a choice")


def activation_for(name: str, features: int) -> str:
    """The activation by name; "auto" is tanh up to 3 features, else relu.

    With incoming weights of unit length a rectifier pays for every bend in its outgoing weights, so that in few
    dimensions, where functions bend sharply along each of them, it needs more width and time than tanh, whose
    steepness costs nothing. In many dimensions rectifiers need fewer units for the same score.

    >>> activation_for("auto", 2), activation_for("auto", 64), activation_for("tanh", 64)
    ('tanh', 'relu', 'tanh')
    """
    if name != "auto":
        return name
    return "tanh" if features <= FEW_FEATURES else "relu"


def steps_for(steps: int | None, rows: float) -> int:
    """Steps of the graded phase; by default 3000, and twice the rows where that is more (64 epochs of 32 rows).

    Of weighted rows it takes the sum of the weights.

    >>> steps_for(None, 150), steps_for(None, 16000), steps_for(700, 150)
    (3000, 32000, 700)
    """
    return max(3000, math.ceil(2 * rows)) if steps is None else steps


def price_or_default(price: float | None) -> float:
    """The price, or ``DEFAULT_PRICE`` where there is none or where width costs nothing.

    >>> price_or_default(None), price_or_default(0.0), price_or_default(8.0)
    (4.0, 4.0, 8.0)
    """
    return price or DEFAULT_PRICE


def rounding_steps(steps: int) -> int:
    """Steps of the rounding phase after a graded phase of so many.

    >>> rounding_steps(301)
    150
    """
    return steps // 2
