"""Who takes part, and how much of it: some searchers think longer than the networks train."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Literal

from continuum.search.registry import SEARCHERS

#: On the table; of KerasTuner; of shared weights and of learned width, both trained for real; agents over tasks.
Kind = Literal["table", "keras", "sharing", "ours", "agent"]


@dataclass(frozen=True)
class Entrant:
    """A searcher, and what bounds its part.

    Args:
        name: in the registry.
        kind: how it is run.
        seconds: of one search of the whole budget, about, for the order of cells alone.
        needs: libraries, by the names of their modules.
        most: trainings of one search at most.
        repetitions: at most.
    """

    name: str
    kind: Kind
    seconds: float
    needs: tuple[str, ...] = ()
    most: int = 10_000
    repetitions: int = 10_000

    @property
    def ready(self) -> bool:
        """Whether it is registered, and what it needs is installed."""
        return self.name in SEARCHERS and all(find_spec(module) is not None for module in self.needs)


#: Library of samplers, and libraries of agents.
OPTUNA, AGENTS = ("optuna",), ("gymnasium", "stable_baselines3")
#: All of them, in the order of tables.
ENTRANTS = (
    Entrant("random", "table", 0.02),
    Entrant("grid", "table", 0.01),
    Entrant("quasi_random", "table", 0.02),
    Entrant("tpe", "table", 1.0, OPTUNA),
    Entrant("gaussian_process", "table", 1.5, OPTUNA, most=32, repetitions=10),
    Entrant("cma_es", "table", 0.3, ("optuna", "cmaes")),
    Entrant("successive_halving", "table", 0.1),
    Entrant("hyperband", "table", 0.1),
    Entrant("asha", "table", 0.1),
    Entrant("bohb", "table", 3.0, OPTUNA, repetitions=20),
    Entrant("keras_random", "keras", 1.0, ("keras_tuner",), most=32, repetitions=10),
    Entrant("keras_bayesian", "keras", 3.0, ("keras_tuner",), most=32, repetitions=10),
    Entrant("keras_hyperband", "keras", 1.0, ("keras_tuner",), most=32, repetitions=10),
    Entrant("enas", "sharing", 5.0),
    Entrant("enas_response", "sharing", 5.0),
    Entrant("enas_joint", "sharing", 5.0),
    Entrant("supernet", "sharing", 5.0),
    Entrant("darts", "sharing", 5.0),
    Entrant("darts_second", "sharing", 10.0),
    Entrant("tas", "sharing", 5.0),
    Entrant("graded", "ours", 5.0),
    Entrant("interval_gradient", "ours", 5.0),
    Entrant("concrete", "ours", 5.0),
    Entrant("self_tuned", "ours", 5.0),
    Entrant("ddpg", "agent", 7.0, AGENTS, most=16, repetitions=5),
    Entrant("ddpg_softmax", "agent", 7.0, AGENTS, most=16, repetitions=5),
    Entrant("td3", "agent", 7.0, AGENTS, most=16, repetitions=5),
    Entrant("sac", "agent", 7.0, AGENTS, most=16, repetitions=5),
    Entrant("dqn", "agent", 7.0, AGENTS, most=16, repetitions=5),
    Entrant("ppo", "agent", 7.0, AGENTS, most=16, repetitions=5),
    Entrant("naf", "agent", 7.0, ("gymnasium",), most=16, repetitions=5),
)
#: By name.
BY_NAME = {entrant.name: entrant for entrant in ENTRANTS}


def chosen(names: tuple[str, ...]) -> Iterator[Entrant]:
    """The entrants that are named; without names all that are ready, but KerasTuner's: those are slow."""
    for entrant in ENTRANTS:
        if entrant.name in names or (not names and entrant.ready and entrant.kind != "keras"):
            yield entrant
