"""Evolution of a normal distribution, by cmaes and Optuna."""

from typing import Any

from continuum.search.extras import library
from continuum.search.optuna_study import OptunaSearcher


class CMAES(OptunaSearcher):
    """CMA-ES; on the grid with a margin, which keeps a discrete axis from freezing.

    References: Hansen, The CMA Evolution Strategy: A Tutorial, 2016; Hamano, Saito, Nomura & Shirakawa, CMA-ES with
    Margin, GECCO 2022.

    >>> len(CMAES(seed=1).ask(5, left=400))
    4
    """

    name = "cma_es"

    def _sampler(self, optuna: Any) -> Any:
        library("cmaes")
        return optuna.samplers.CmaEsSampler(seed=self.seed, with_margin=self.on_grid, warn_independent_sampling=False)
