"""Searchers by name; the module of one is imported when it is asked for."""

from importlib import import_module
from typing import Any

from continuum import checks
from continuum.benchmark.space import SPACE, Space
from continuum.search.searcher import Searcher
from continuum.search.sharing import SharingMethod

#: Name of a searcher: module and class.
SEARCHERS: dict[str, str] = {
    "constant": "continuum.search.constant:Constant",
    "widest": "continuum.search.constant:Widest",
    "average": "continuum.search.constant:Average",
    "grid": "continuum.search.grid:Grid",
    "random": "continuum.search.random:Random",
    "quasi_random": "continuum.search.quasi_random:QuasiRandom",
    "tpe": "continuum.search.tpe:TPE",
    "gaussian_process": "continuum.search.gaussian_process:GaussianProcess",
    "cma_es": "continuum.search.cma_es:CMAES",
    "successive_halving": "continuum.search.successive_halving:SuccessiveHalving",
    "hyperband": "continuum.search.hyperband:Hyperband",
    "asha": "continuum.search.asha:ASHA",
    "bohb": "continuum.search.bohb:BOHB",
    "keras_random": "continuum.search.keras_tuner:KerasRandom",
    "keras_bayesian": "continuum.search.keras_tuner:KerasBayesian",
    "keras_hyperband": "continuum.search.keras_tuner:KerasHyperband",
    "ddpg": "continuum.search.agents.searchers:DDPG",
    "td3": "continuum.search.agents.searchers:TD3",
    "sac": "continuum.search.agents.searchers:SAC",
    "naf": "continuum.search.agents.searchers:NAF",
    "dqn": "continuum.search.agents.searchers:DQN",
    "ppo": "continuum.search.agents.searchers:PPO",
    "ddpg_softmax": "continuum.search.agents.searchers:DDPGSoftmax",
    "supernet": "continuum.search.shared:UniformSupernet",
    "random_shared": "continuum.search.shared:RandomShared",
    "enas": "continuum.search.shared:Enas",
    "enas_response": "continuum.search.shared:EnasResponse",
    "enas_implicit": "continuum.search.shared:EnasImplicit",
    "enas_joint": "continuum.search.shared:EnasJoint",
    "enas_separate": "continuum.search.shared:EnasSeparate",
    "darts": "continuum.search.shared:Darts",
    "darts_second": "continuum.search.shared:DartsSecond",
    "tas": "continuum.search.shared:Tas",
    "graded": "continuum.search.learned:Graded",
    "concrete": "continuum.search.learned:Concrete",
    "interval_gradient": "continuum.search.learned:IntervalGradient",
}


def by_name(name: str) -> type[Searcher] | type[SharingMethod]:
    """The class of a searcher, or of a method that shares weights.

    Raises ``BadInput`` for an unknown name (with the nearest ones), or where a library is missing that it needs.

    >>> by_name("random").name
    'random'
    >>> by_name("randon")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    continuum.errors.BadInput: searcher: expected one of ..., got 'randon'; did you mean random or ...?
    """
    module, kind = SEARCHERS[checks.one_of("searcher", name, SEARCHERS, plural="searchers")].split(":")
    found: type[Searcher] | type[SharingMethod] = getattr(import_module(module), kind)
    return found


def make(name: str, space: Space = SPACE, seed: int = 0, **options: Any) -> Searcher | SharingMethod:
    """A searcher by name. A method that shares weights takes its seed later, in ``search``.

    >>> [proposal.epochs for proposal in make("random", seed=3).ask(2, left=1000)]
    [100, 100]
    """
    kind = by_name(name)
    if issubclass(kind, SharingMethod):
        return kind(space, **options)
    return kind(space, seed, **options)
