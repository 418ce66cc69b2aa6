"""The tree of Parzen estimators, by Optuna."""

from typing import Any

from continuum.search.optuna_study import OptunaSearcher


class TPE(OptunaSearcher):
    """Where the density of good points is high against that of the others; the axes are taken together.

    Reference: Bergstra, Bardenet, Bengio & Kégl, Algorithms for Hyper-Parameter Optimization, NeurIPS 2011.

    >>> proposals = TPE(seed=1).ask(3, left=300)
    >>> [proposal.id for proposal in proposals]
    [0, 1, 2]
    """

    name = "tpe"

    def _sampler(self, optuna: Any) -> Any:
        return optuna.samplers.TPESampler(seed=self.seed, multivariate=True)
