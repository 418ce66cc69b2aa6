"""Bayesian optimisation with a Gaussian process, by Optuna."""

from typing import Any

from continuum.search.optuna_study import OptunaSearcher


class GaussianProcess(OptunaSearcher):
    """Expected improvement of a Gaussian process with a Matérn kernel, after ten drawn points.

    Reference: Snoek, Larochelle & Adams, Practical Bayesian Optimization of Machine Learning Algorithms, NeurIPS 2012.

    >>> len(GaussianProcess(seed=1).ask(5, left=400))
    4
    """

    name = "gaussian_process"

    def _sampler(self, optuna: Any) -> Any:
        return optuna.samplers.GPSampler(seed=self.seed, n_startup_trials=10)
