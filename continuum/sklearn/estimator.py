"""What the classifier and the regressor share: parameters, training, and the plain network."""

import copy
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar, Self

import numpy as np
import torch
from jaxtyping import Float64
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted
from torch import nn

from continuum.errors import BadInput
from continuum.learn import LearnConfig, WidthPath
from continuum.learn.rows import too_light
from continuum.learn.settings import PRICES
from continuum.sklearn.folding import folded
from continuum.sklearn.parameters import EstimatorOptions, device_of, estimator_options
from continuum.sklearn.precision import in_precision, probe
from continuum.sklearn.rows import EstimatorRows, checked_weight
from continuum.sklearn.table.intake import checked_table, numbers_of
from continuum.sklearn.table.numbers import EstimatorTable, Numbers, dense, row_blocks
from continuum.sklearn.table.table import Table, Weight
from continuum.sklearn.training import Fitted, fit_rows, path_of_rows

#: Rows that a network takes at once when it predicts, so that activations stay small.
AT_ONCE = 1 << 16


class ContinuousMLP(BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no types
    r"""A perceptron whose hidden width is a real number, learned in the run that trains its weights.

    Features (and targets, of the regressor) are standardised inside; what is fitted and exported takes and gives
    them raw. A column without spread among the training rows is ignored.

    Args:
        method: how the width is learned, by name; "graded" is the recommended one. For comparison there are
            "interval", "soft_support", "fuzzy", "concrete", "hypergradient" and "path": see
            :func:`continuum.learn.learn_width`.
        exponent: of the gates of "interval"; 0.5 is the square-root gate. The other methods take 1, the default.
        price: nats of the whole training set that a unit of width must save; None calibrates it ("graded"), takes the
            default one, or none ("hypergradient"). "path" finds its own.
        activation: "tanh", "relu", or "auto", which chooses between them by the number of features.
        hidden_layers: number of hidden layers, each of which learns a width of its own.
        max_units: most units of a hidden layer. A ``ConvergenceWarning`` says when all of them were on.
        max_iter: gradient steps (not epochs) in which the width is learned; None: by the number of rows. Calibrating
            the price takes some more, and rounding to whole units half as many again.
        batch_size: rows of a step; None: all of them. Then equal rows are merged, so that a row of integer weight
            is to the bit as good as a row that is repeated, and the order of the rows does not matter.
        early_stopping: hold out rows, and train from an eighth of the steps on with twice as many each time, as long
            as the loss on these rows falls; keep the best network.
        validation_fraction: share of the rows held out by early stopping.
        random_state: seed of everything random; equal integers give equal networks on one machine.
        device: where the fitted network predicts and is exported to. Training runs on one thread of the CPU: such
            networks are too small to gain from more.
        verbose: show a progress bar.

    Attributes:
        width_: the width learned, a real number; of several hidden layers their sum.
        widths_: the width of every hidden layer.
        units_: whole units of every hidden layer of the network: ceil(widths_), at least 1.
        width_curve_: (points, layers), the widths while they were learned, evenly spaced in steps.
        loss_curve_: (points,), the training loss at these points: nats per row; of standardised targets, half the
            squared error.
        n_iter_: gradient steps taken, those of calibration, rounding and shorter runs included.
        rounding_gap_: by how much rounding to whole units, with its annealing, raised the training loss.
        price_, activation_: the price and the activation that were used.
        notes_: what a reader of the width should know, in words.
        validation_losses_: held-out loss of every run of early stopping; empty without it.
        n_features_in_, feature_names_in_: as in all of scikit-learn.

    Raises:
        BadInput: from ``fit``, before any training, for parameters; a ``ValueError`` as scikit-learn words it for data.
        Diverged: where numbers left the range of floats in training. A fit that fails leaves the estimator as it was.
    """

    _loss: ClassVar[str]

    def __init__(
        self,
        *,
        method: str = "graded",
        exponent: float = LearnConfig.exponent,
        price: float | None = None,
        activation: str = "auto",
        hidden_layers: int = 1,
        max_units: int = LearnConfig.max_units,
        max_iter: int | None = None,
        batch_size: int | None = 32,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        random_state: int | np.random.RandomState | None = None,
        device: str | torch.device = "cpu",
        verbose: bool = False,
    ) -> None:
        self.method = method
        self.exponent = exponent
        self.price = price
        self.activation = activation
        self.hidden_layers = hidden_layers
        self.max_units = max_units
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.device = device
        self.verbose = verbose

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn width and weights from rows (n, features) and their labels or targets, (n,) or (n, outputs).

        A row of weight 2 counts like two rows. So weights of sum 1 make the price, which all rows together have to
        pay, too high for them: give weights whose sum is the number of rows. A warning says when it is below a tenth.
        """
        options, before = self._options(), dict(vars(self))
        try:
            rows = self._rows(X, y, sample_weight)
            if rows.weight is not None and (light := too_light(float(rows.weight.sum()), len(rows))):
                warnings.warn(light, UserWarning, stacklevel=2)
            fitted = fit_rows(rows, options, self._loss)
            self._keep(fitted)
            self._probe = probe(rows.x)
        except BaseException:
            self.__dict__ = before  # labels and columns of a fit that failed are not those of the network
            raise
        if fitted.result.saturated:
            text = f"all of max_units={self.max_units} are on: the width may be too small; raise max_units or the price"
            warnings.warn(text, ConvergenceWarning, stacklevel=2)
        return self

    def width_path(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        prices: Iterable[float] = PRICES,
        validation_fraction: float = 0.2,
    ) -> WidthPath:
        """The frontier of held-out score against width from one falling price; this estimator stays as it is.

        The scores are those of networks rounded to ceil(width) units, such as ``fit`` leaves.
        ``path.one_standard_error()`` is the point of the fewest units within one standard error of the best one:
        ``estimator.set_params(price=path.prices[path.one_standard_error()])`` takes its price.

        Args:
            X: rows (n, features).
            y: labels or targets.
            sample_weight: (n,), of the rows that train and of those held out.
            prices: falling; the steps of one run are shared by them.
            validation_fraction: share of the rows that is held out.
        """
        twin = clone(self).set_params(validation_fraction=validation_fraction)
        options = twin._options()
        return path_of_rows(twin._rows(X, y, sample_weight), options, self._loss, prices)

    def export(self, *, dtype: torch.dtype = torch.float32) -> nn.Sequential:
        """A copy of the network: plain layers of PyTorch, in eval mode, from raw numbers to logits or raw targets.

        It takes what :meth:`numbers` gives: of a table of numbers without gaps that is the table itself. Standardising
        is folded into its first layer, and into the last one of a regressor; an encoding of columns, such as that of
        categories, is a layer and a ReLU in front. ``predict`` computes in float64. Where the mean of a column is many
        times its spread, float32 loses digits: then a further layer in front centres the columns, and if outputs move
        in spite of that, a ``UserWarning`` says by how much; where they are not finite, ``BadInput`` is raised.
        """
        check_is_fitted(self)
        if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
            expected, remedy = "a floating-point type of torch", "give torch.float32 or torch.float64"
            raise BadInput("dtype", expected=expected, came=repr(dtype), remedy=remedy)
        known, classes = (self._probe, self._inputs, self._table.number_names), self._loss == "cross_entropy"
        return in_precision(self._network, dtype, *known, classes=classes).to(device_of(self.device))

    def numbers(self, X: Any) -> EstimatorTable:
        """A table as the numbers that the network of :meth:`export` takes, (rows, columns), in float64.

        One column per column of the table: numbers as they are, the mean of training where one is missing; categories
        as codes, -1 where they are unknown. Behind these comes one column, 1 where a number is missing, per column of
        which any was missing in training.
        """
        check_is_fitted(self)
        return dense(numbers_of(self, self._table, X))

    @abstractmethod
    def _rows(self, X: Any, y: Any, sample_weight: Any) -> EstimatorRows:
        """Checked training rows, as scikit-learn checks them."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        kinds = tags.input_tags
        kinds.allow_nan = kinds.sparse = kinds.categorical = kinds.string = True
        return tags

    def _read(self, X: Any, y: Any, sample_weight: Any, **kinds: Any) -> tuple[Numbers, Any, Weight]:
        """Rows of training as numbers, targets as scikit-learn checks them, and weights or None."""
        numbers, texts, y = checked_table(self, X, y, **kinds)
        weight = checked_weight(sample_weight, y)
        self._table = Table.of(numbers, texts, weight, getattr(self, "feature_names_in_", None))
        return self._table(numbers, texts), y, weight

    def _options(self) -> EstimatorOptions:
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        return estimator_options(self.get_params(deep=False), seed)

    def _keep(self, fitted: Fitted) -> None:
        result = fitted.result
        self._network = folded(result.network, fitted.scales.inputs, fitted.scales.targets)
        self._inputs = fitted.scales.standardiser
        self.widths_, self.units_, self.width_ = result.widths, result.units, float(sum(result.widths))
        self.width_curve_, self.loss_curve_ = result.width_curve.numpy(), result.loss_curve.numpy()
        self.n_iter_, self.rounding_gap_ = result.steps, result.rounding_gap
        self.price_, self.activation_, self.notes_ = (
            result.price,
            result.activation,
            (*result.notes, *self._table.notes),
        )
        self.validation_losses_ = fitted.validation_losses

    def _outputs(self, X: Any) -> Float64[np.ndarray, "rows outputs"]:
        check_is_fitted(self)
        numbers, network, device = numbers_of(self, self._table, X), self._network, device_of(self.device)
        network = copy.deepcopy(network).to(device)
        blocks = row_blocks(numbers.shape[0], numbers.shape[1], AT_ONCE)
        with torch.no_grad():
            parts = [network(torch.tensor(dense(numbers[part])).to(device)).cpu() for part in blocks]
        return np.asarray(torch.cat(parts))
