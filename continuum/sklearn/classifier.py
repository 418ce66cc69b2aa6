"""Classification by a perceptron that learns its width."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from jaxtyping import Float64, Shaped
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.base import ClassifierMixin

from continuum.errors import BadInput
from continuum.sklearn.callbacks import Callback
from continuum.sklearn.estimator import ContinuousMLP
from continuum.sklearn.labels import checked_labels, distinct_labels, known_codes, refuse_missing
from continuum.sklearn.rows import EstimatorRows, checked_weight, weighted_rows
from continuum.sklearn.table.intake import checked_table
from continuum.sklearn.targets import as_labels
from continuum.sklearn.weights import class_weights

if TYPE_CHECKING:
    import torch

    from continuum.sklearn.start import Start
    from continuum.sklearn.training import Fitted

ClassWeight = Mapping[Any, float] | str | None


class ContinuousMLPClassifier(ClassifierMixin, ContinuousMLP):  # type: ignore[misc]  # scikit-learn has no types
    """A classifier that learns how wide its hidden layers should be, by cross-entropy.

    An indicator matrix (n, labels) of 0 and 1 stands for several independent labels a row: then probabilities are those
    of each label, and the loss is their sum.

    Parameters and attributes are those of :class:`~continuum.sklearn.estimator.ContinuousMLP`; besides them:

    Args:
        class_weight: of each label, by which the weights of its rows are multiplied; "balanced" gives all classes the
            same weight together. Not for several labels a row.

    Attributes:
        classes_: the labels, sorted. A label all of whose rows weigh 0 is none of them. Of an indicator matrix, the
            numbers of its columns.
        multilabel_: whether rows have several labels.
        temperature_: by which logits are divided, fitted on held-out rows so that probabilities are honest; 1 where no
            rows were held out.

    >>> import torch
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ContinuousMLPClassifier(random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.95, model.units_[0] < 10
    (True, True)
    >>> bool((model.export()(torch.tensor(X).float()).argmax(1).numpy() == model.predict(X)).all())
    True
    """

    def __init__(
        self,
        *,
        method: str = "graded",
        exponent: float = 1.0,
        price: float | None = None,
        activation: str = "auto",
        encoding: str = "auto",
        skip: bool = True,
        rounding: str = "held_out",
        hidden_layers: int = 1,
        max_units: int = 512,
        max_iter: int | None = None,
        max_seconds: float | None = None,
        batch_size: int | str | None = "auto",
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        random_state: int | np.random.RandomState | None = None,
        device: "str | torch.device" = "cpu",
        verbose: bool = False,
        warm_start: bool = False,
        callbacks: Callback | Sequence[Callback] | None = None,
        class_weight: ClassWeight = None,
    ) -> None:
        parameters = dict(locals())  # all that are written above, under their names
        for name in ("self", "__class__", "class_weight"):
            del parameters[name]
        super().__init__(**parameters)
        self.class_weight = class_weight

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Learn from a batch: the first one as ``fit`` does, a further one going on from the network at hand.

        The width can grow and shrink from call to call; how columns are standardised says the first batch. A further
        batch takes four epochs, and half as many to round, or ``max_iter`` steps in all. The price is what all rows
        seen so far have to pay together.

        Args:
            X: rows (n, features).
            y: their labels.
            classes: all labels that are ever to come; needed in the first call.
            sample_weight: (n,), of which only the ratios count.
        """
        known = getattr(self, "classes_", None) if self._start is not None else None
        if known is None and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        if classes is not None:
            classes = distinct_labels(classes)
            if known is not None and not np.array_equal(known, classes):
                raise ValueError(
                    f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {known!r}"
                )
        return self._learn_batch((X, y, sample_weight), known=classes if known is None else known)

    def predict(self, X: Any) -> Shaped[np.ndarray, " rows *labels"]:
        """The most probable label of each row; of several independent ones, 1 for each that is more likely than not."""
        outputs = self._outputs(X)
        return np.asarray((outputs > 0).astype(int) if self.multilabel_ else self.classes_[outputs.argmax(axis=1)])

    def predict_proba(self, X: Any) -> Float64[np.ndarray, "rows classes"]:
        """Probability of every class, in the order of ``classes_``."""
        outputs = self._outputs(X)
        return np.asarray(expit(outputs) if self.multilabel_ else softmax(outputs, axis=1))

    def predict_log_proba(self, X: Any) -> Float64[np.ndarray, "rows classes"]:
        """Logarithm of the probability of every class."""
        outputs = self._outputs(X)
        return np.asarray(log_expit(outputs) if self.multilabel_ else log_softmax(outputs, axis=1))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    @property
    def _loss(self) -> str:  # type: ignore[override]
        return "binary_cross_entropy" if self.multilabel_ else "cross_entropy"

    def _rows(self, X: Any, y: Any, sample_weight: Any, *, known: Any = None) -> EstimatorRows:
        y = as_labels(y)
        refuse_missing(y)
        least = 2 if known is None else 1
        numbers, texts, y = checked_table(self, self._table, X, y, ensure_min_samples=least, multi_output=True)
        y = checked_labels(y)
        self.multilabel_ = y.ndim == 2
        weight = checked_weight(sample_weight, y)
        if self.multilabel_:
            self._check_indicators(y, known)
            x, categories = self._numbered(numbers, texts, weight)
            return weighted_rows(x, y.astype(np.float64), weight, categories, least=least)
        weight = class_weights(self.class_weight, y, weight)
        labels = np.unique(y) if known is None else known
        codes = known_codes(y, labels)
        x, categories = self._numbered(numbers, texts, weight)
        rows = weighted_rows(x, codes, weight, categories, least=least)
        if known is not None:
            self.classes_ = labels
            return rows
        present, codes = np.unique(rows.y[:, 0], return_inverse=True)
        self.classes_ = labels[present.astype(np.int64)]
        if len(present) < 2:
            reason = f"the data contains only one class: {self.classes_.tolist()[0]!r}"
            raise ValueError(f"{type(self).__name__} needs samples of at least 2 classes in the data, but {reason}")
        return replace(rows, y=codes[:, None].astype(np.float64))

    def _check_indicators(self, y: Any, known: Any) -> None:
        if self.class_weight is not None:
            remedy = "weigh the rows by sample_weight"
            raise BadInput("class_weight", expected="None with several labels", came=self.class_weight, remedy=remedy)
        self.classes_ = np.arange(y.shape[1])
        if known is not None and not np.array_equal(self.classes_, known):
            raise ValueError(f"`y` has {y.shape[1]} labels, `classes` are {known.tolist()}")

    def _keep(self, fitted: "Fitted", start: "Start") -> None:
        from continuum.sklearn.temperature import cooled, held_out_temperature

        super()._keep(fitted, start)
        self.temperature_ = held_out_temperature(fitted.result, multilabel=self.multilabel_)
        self._network = cooled(self._network, self.temperature_)
