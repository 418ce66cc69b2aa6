"""The configuration of search_arena: who searches, on which tasks, with which budgets."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from continuum import checks
from continuum.errors import BadInput
from continuum.exp import RunOptions
from continuum.exp.sizes import MOST_AT_ONCE, check_cells, check_most

from .roster import BY_NAME


@dataclass(frozen=True)
class Config(RunOptions):
    """Who searches, on which tasks, with which budgets."""

    table: Path | None = None
    """Folder of a table that benchmark_table computed; without it, the one that is shipped."""
    tasks: tuple[str, ...] = ()
    """Tasks of the table; all of them by default."""
    searchers: tuple[str, ...] = ()
    """Searchers by name, random search always among them; by default all whose libraries are installed, but
    KerasTuner's."""
    budgets: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64, 128, 200)
    """Budgets in whole trainings at which searches of the table are judged."""
    repetitions: int = 50
    """Searches of the table per task and searcher; of the slowest ones less."""
    trained_budgets: tuple[int, ...] = (2, 4)
    """Budgets in whole trainings of methods that train for real, the retraining of the answer included."""
    trained_repetitions: int = 10
    """Searches per task and method that trains for real."""
    trained_tasks: tuple[str, ...] = ()
    """Tasks for methods that train for real; all of the table by default."""
    paired_runs: int = 40
    """Paired runs of a controller with and without its response gradient, and of one controller against two."""
    paired_tasks: int = 1
    """How many tasks these runs are of: of wine, then of breast_cancer; 0 leaves them out."""
    agents: int = 10
    """Agents of each kind, each from its own seed and split of the tasks; 0 leaves them out."""
    agent_steps: int = 500
    """Steps of the environment in which an agent learns."""

    def configuration(self) -> dict[str, Any]:
        """All fields."""
        recorded = super().configuration()
        return recorded | {"table": str(self.table or "")}

    def validate(self) -> None:
        """Raise ``BadInput`` unless everything can be computed."""
        for name in ("repetitions", "trained_repetitions", "paired_runs", "agent_steps"):
            checks.whole(name, getattr(self, name), at_least=1)
        for name in ("jobs", "agents", "paired_tasks"):
            checks.whole(name, getattr(self, name), at_least=0)
        check_cells(tasks=max(len(self.tasks), 1), searchers=max(len(self.searchers), 1))
        check_most(self, MOST_AT_ONCE, "repetitions", "trained_repetitions", "paired_runs", "agent_steps", "budgets")
        for searcher in self.searchers:
            checks.one_of("searchers", searcher, BY_NAME, plural="searchers")
        for name in ("budgets", "trained_budgets"):
            for budget in getattr(self, name):
                checks.whole(name, budget, at_least=1)
        if not self.budgets:
            raise BadInput("budgets", expected="one or more", came="none", remedy="leave --budgets out")
        for name in ("tasks", "searchers", "budgets", "trained_budgets", "trained_tasks"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise BadInput(name, expected="each once", came=list(values), remedy="drop the repeated ones")
