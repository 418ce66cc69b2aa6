"""What is measured, and the targets. Imports nothing heavy: the process that prints must stay small (see memory.py)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Args:
        name: what ``--only`` takes.
        task: data set.
        title: what is compared with what.
        target: bound on the value (None: for information).
        pinned: bound where OPENBLAS_CORETYPE is set, which keeps OpenBLAS from its best kernels.
        unit: of the value.
        at_most: the target is an upper bound.
    """

    name: str
    task: str
    title: str
    target: float | None = None
    pinned: float | None = None
    unit: str = "x"
    at_most: bool = False

    def missed(self, value: float, pinned: bool) -> bool:
        """Whether a value misses its target.

        >>> row = Row("loop", "digits", "engine / loop", target=50, pinned=35)
        >>> row.missed(40, pinned=False), row.missed(40, pinned=True)
        (True, False)
        """
        bound = self.bound(pinned)
        return bound is not None and (value > bound if self.at_most else value < bound)

    def bound(self, pinned: bool) -> float | None:
        return self.pinned if pinned else self.target


@dataclass(frozen=True)
class Measured:
    """Median and range of one row's value over the repetitions, and the medians of the two sides of the ratio.

    All are NaN where the measurement failed.
    """

    name: str
    task: str
    value: float
    low: float
    high: float
    ours: float
    baseline: float


ROWS = [
    Row("loop", "digits", "engine / plain PyTorch loop", 50, 35),
    Row("loop", "breast_cancer", "engine / plain PyTorch loop", 80),
    Row("loop_fused", "digits", "engine / the same loop with Adam(fused=True)"),
    Row("loop_fused", "breast_cancer", "engine / the same loop with Adam(fused=True)"),
    Row("sklearn", "digits", "engine / MLPClassifier", 30, 22),
    Row("sklearn", "breast_cancer", "engine / MLPClassifier", 50),
    Row("vmap", "digits", "engine / torch.func.vmap", 7, 5),
    Row("vmap", "breast_cancer", "engine / torch.func.vmap", 6),
    Row("vmap_tuned", "digits", "engine / vmap, unit-major, hand-written loss"),
    Row("vmap_tuned", "breast_cancer", "engine / vmap, unit-major, hand-written loss"),
    Row("gemm", "digits", "engine's useful flop rate / 2048x2048 product", 0.35, unit=""),
    Row("gemm_epochs", "digits", "the same from the second epoch on: without set-up", 0.35, unit=""),
    Row("gemm", "breast_cancer", "engine's useful flop rate / 2048x2048 product", unit=""),
    Row("vmap_compiled", "digits", "engine with compiled kernels / torch.func.vmap", 7, 6),
    Row("vmap_compiled", "breast_cancer", "engine with compiled kernels / torch.func.vmap", 6, 6),
    Row("gemm_compiled", "digits", "its useful flop rate / 2048x2048 product", 0.35, 0.35, unit=""),
    Row("gemm_compiled", "breast_cancer", "its useful flop rate / 2048x2048 product", 0.35, 0.35, unit=""),
    Row("processes", "digits", "two worker processes / one, by the wall clock", 1.8, 1.8),
    Row("processes_cpu", "digits", "the same by CPU time: if both cores were free"),
    Row("slice", "digits", "2048-width slice / every width separately"),
    Row("slice_compiled", "digits", "the same with compiled kernels", 40, 40),
    Row("gated_interval", "digits", "training step with Interval gates / plain MLP", 1.1, 1.1, at_most=True),
    Row("gated_fuzzy", "digits", "training step with Fuzzy gates / plain MLP", 1.15, 1.15, at_most=True),
    Row("gated_soft", "digits", "training step with SoftSupport gates / plain MLP", 1.25, 1.25, at_most=True),
    Row("gated_concrete", "digits", "training step with Concrete gates / plain MLP", 1.25, 1.25, at_most=True),
    Row("gated_active", "digits", "training step at gamma 8.5 of 512 units / plain 16 units", 1.25, 1.25, at_most=True),
    Row("simplex", "1000 x 512", "projection on the capped simplex, float32 / brentq row by row"),
    Row("simplex_float64", "1000 x 512", "the same in float64"),
    Row("simplex_compiled", "1000 x 512", "the same with compiled kernels, float32", 50, 50),
    Row("simplex_compiled_float64", "1000 x 512", "the same with compiled kernels, float64", 25, 25),
    Row("hyper_unrolled", "ridge", "Unrolled(100) / a loop written by hand", 1.2, 1.2, at_most=True),
    Row("hyper_implicit", "ridge", "Implicit(ConjugateGradient(20)) / the same written by hand"),
    Row("hyper_torchopt", "ridge", "Implicit(ConjugateGradient(20)) / torchopt's", 1.0, 1.0, at_most=True),
    Row("lookup", "digits", "a look-up of a whole curve in the shipped table", 15, 15, unit=" us", at_most=True),
    Row("random_searches", "digits", "1,000 random searches of 64 trials on it", 1, 1, unit=" s", at_most=True),
    Row("random_optuna", "digits", "searches per second / Optuna's RandomSampler without an evaluation"),
    Row("live", "digits", "networks per second in rounds of 64 / one by one", 15, 15),
    Row("live", "breast_cancer", "networks per second in rounds of 64 / one by one", 15, 15),
    Row("table", "8 tables", "2,880 networks of 100 epochs on two processes", 75, 75, unit=" s", at_most=True),
    Row("table_cpu", "8 tables", "half of its CPU time: if both cores were free", unit=" s", at_most=True),
    Row("table_alone", "8 tables", "networks per second of CPU time / one by one"),
    Row("agent", "shipped", "2,000 steps of DDPG on the environment", 30, 30, unit=" s", at_most=True),
    Row("memory", "digits", "peak memory of 10,000 networks", 2, 2, unit=" GB", at_most=True),
]
#: Module that measures a row; the rows of a module are measured in one process.
MODULES = {
    "loop": "ensembles",
    "loop_fused": "ensembles",
    "sklearn": "ensembles",
    "vmap": "ensembles",
    "vmap_tuned": "ensembles",
    "gemm": "ensembles",
    "gemm_epochs": "ensembles",
    "vmap_compiled": "ensembles",
    "gemm_compiled": "ensembles",
    "processes": "processes",
    "processes_cpu": "processes",
    "slice": "slices",
    "slice_compiled": "slices",
    "gated_interval": "gated",
    "gated_fuzzy": "gated",
    "gated_soft": "gated",
    "gated_concrete": "gated",
    "gated_active": "gated",
    "simplex": "simplex",
    "simplex_float64": "simplex",
    "simplex_compiled": "simplex",
    "simplex_compiled_float64": "simplex",
    "hyper_unrolled": "hypergradients",
    "hyper_implicit": "hypergradients",
    "hyper_torchopt": "hypergradients",
    "lookup": "searches",
    "random_searches": "searches",
    "random_optuna": "searches",
    "live": "searches",
    "table": "tables",
    "table_cpu": "tables",
    "table_alone": "tables",
    "agent": "agents",
    "memory": "memory",
}
#: Modules whose rows no choice of kernels should change: a quick run measures them in one environment only.
INDIFFERENT = {"agents", "memory", "processes", "searches", "tables"}
