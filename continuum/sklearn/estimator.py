"""What the classifier and the regressor share: parameters, training, and the plain network."""

import copy
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from jaxtyping import Float64
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted, validate_data

from continuum.errors import BadInput
from continuum.sklearn.callbacks import Callback
from continuum.sklearn.reach import beyond
from continuum.sklearn.rows import EstimatorRows
from continuum.sklearn.stored import Stored
from continuum.sklearn.table.intake import numbers_of
from continuum.sklearn.table.numbers import EstimatorTable, Numbers, dense, row_blocks

if TYPE_CHECKING:  # torch takes longer to import than all else together, and waits for the first fit
    import matplotlib.figure
    import torch

    from continuum.learn import WidthPath
    from continuum.sklearn.parameters import EstimatorOptions
    from continuum.sklearn.start import Adapted, Start
    from continuum.sklearn.table.table import Table
    from continuum.sklearn.training import Fitted

#: Rows that a network takes at once when it predicts, so that activations stay small.
AT_ONCE = 1 << 16


class ContinuousMLP(Stored, BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no types
    r"""A perceptron whose hidden width is a real number, learned in the run that trains its weights.

    Tables are taken as they come: arrays of numbers, of texts or of both, DataFrames with categories, booleans, missing
    values, points in time (as seconds since 1970, UTC) and spans (as seconds), and sparse matrices of up to 2 GiB of
    features in single precision. Of a category comes a feature of its own, and one of missing values where they
    occurred in training; categories that are unknown, and those beyond the 100 most frequent ones of a column, give
    zeros. A missing number counts as the mean of training, and, where some were missing in training, gives a feature;
    masked cells of NumPy are missing. Columns must have different names. Rows so far from those of training that the
    network's outputs are no finite numbers are refused with the name of the column.

    Features (and targets, of the regressor) are standardised inside; what is fitted and exported takes and gives
    them raw. A column without spread among the training rows is ignored.

    Args:
        method: how the width is learned, by name; "graded" is the recommended one. For comparison there are
            "interval", "soft_support", "fuzzy", "concrete", "hypergradient" and "path": see
            :func:`continuum.learn.learn_width`.
        exponent: of the gates of "interval"; 0.5 is the square-root gate. The other methods take 1, the default.
        price: nats of the whole training set that a unit of width must save; None lets held-out rows choose it
            ("graded"), takes the default one, or none ("hypergradient"). "path" finds its own.
        activation: "tanh", "relu", or "auto", which chooses between them by the number of features.
        encoding: what numeric columns become, of "graded": "raw", "piecewise" (each column and its bins between
            quantiles, linear by pieces), or "auto", which lets held-out rows choose: "raw" unless the other is better
            by a standard error.
        skip: whether a straight line stands beside the hidden layers, of "graded"; what is linear takes no unit then.
        rounding: to whole units, of "graded": "held_out" keeps the fewest whose held-out loss is within a standard
            error of the best, "width" ceil(width), "none" all that are on.
        hidden_layers: number of hidden layers, each of which learns a width of its own.
        max_units: most units of a hidden layer. A ``ConvergenceWarning`` says when all of them were on.
        max_iter: most gradient steps (not epochs) of the whole fit; None: as many as held-out rows find worth it. Of
            the other methods than "graded" steps in which the width is learned; rounding takes half as many again.
        max_seconds: most seconds of the whole fit, of "graded", kept to by counting how long a step takes.
        batch_size: rows of a step; "auto" takes 32 of few rows, up to 256 of many. None: all of them. Then equal rows
            are merged, so that a row of integer weight is to the bit as good as a row that is repeated, and the order
            of the rows does not matter.
        early_stopping: of the other methods than "graded", which always holds rows out while it chooses: hold out rows,
            and train from an eighth of the steps on with twice as many each time, as long as the loss on these rows
            falls; keep the best network.
        validation_fraction: share of the rows held out by early stopping.
        random_state: seed of everything random; equal integers give equal networks on one machine.
        device: where the fitted network predicts and is exported to. Training runs on one thread of the CPU: such
            networks are too small to gain from more.
        verbose: show a progress bar.
        warm_start: whether a further ``fit`` goes on from the network at hand: its units are the start, its price and
            the statistics by which columns are standardised stay. The columns, and the labels, must be the same.
        callbacks: a function, or several, called as ``callback(steps, total, width, loss)``, which may answer True to
            end the fit: see :data:`~continuum.sklearn.Callback`.

    Attributes:
        width_: the width learned, a real number; of several hidden layers their sum.
        widths_: the width of every hidden layer.
        units_: whole units of every hidden layer of the network; 0 where a line is all.
        encoding_: "raw" or "piecewise", what numeric columns became.
        width_curve_: (points, layers), the widths while they were learned, evenly spaced in steps.
        loss_curve_: (points,), the training loss at these points: nats per row; of standardised targets, half the
            squared error.
        n_iter_: gradient steps taken, all of them.
        rounding_gap_: by how much rounding to whole units raised the mean held-out loss; NaN where no rows were held
            out. Of the other methods, the training loss.
        price_, activation_: the price and the activation that were used.
        gates_: of the units of every hidden layer before rounding, largest first; their sum is the width.
        notes_: what a reader of the width should know, in words.
        validation_losses_: mean held-out score behind every stage of a falling price, smaller is better: Brier's of
            classes, half the squared error of standardised targets. Of the other methods, the held-out loss of every
            run of early stopping; empty without it.
        n_features_in_, feature_names_in_: as in all of scikit-learn.

    Raises:
        BadInput: from ``fit``, before any training, for parameters; a ``ValueError`` as scikit-learn words it for data.
        Diverged: where numbers left the range of floats in training. A fit that fails leaves the estimator as it was.
    """

    _loss: str
    _start: "Start | None" = None
    _table: "Table | None" = None

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
    ) -> None:
        self.method = method
        self.exponent = exponent
        self.price = price
        self.activation = activation
        self.encoding = encoding
        self.skip = skip
        self.rounding = rounding
        self.hidden_layers = hidden_layers
        self.max_units = max_units
        self.max_iter = max_iter
        self.max_seconds = max_seconds
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.random_state = random_state
        self.device = device
        self.verbose = verbose
        self.warm_start = warm_start
        self.callbacks = callbacks

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Learn width and weights from rows (n, features) and their labels or targets, (n,) or (n, outputs).

        Of the weights of rows only the ratios count: a row of weight 2 counts for twice one of weight 1. Where all are
        whole multiples of the least one, rows are taken for repeated so many times, up to ten times in the mean.
        """
        from continuum.sklearn.parameters import switch
        from continuum.sklearn.start import AFRESH, again, at_price

        warm = switch("warm_start", self.warm_start) and self._start is not None
        start = again(self._start) if warm and self._start is not None else AFRESH
        return self._learn((X, y, sample_weight), start, at_price)

    def width_path(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        prices: Iterable[float] | None = None,
        validation_fraction: float = 0.2,
    ) -> "WidthPath":
        """The frontier of held-out score against width from one falling price; this estimator stays as it is.

        The scores are those of networks rounded to ceil(width) units, of raw columns and without a line beside them.
        ``path.one_standard_error()`` is the point of the fewest units within one standard error of the best one:
        ``estimator.set_params(price=path.prices[path.one_standard_error()])`` takes its price.

        Args:
            X: rows (n, features).
            y: labels or targets.
            sample_weight: (n,), of the rows that train and of those held out.
            prices: falling; the steps of one run are shared by them. None: from 256 nats to 1.
            validation_fraction: share of the rows that is held out.
        """
        from continuum.learn.settings import PRICES
        from continuum.sklearn.training import path_of_rows

        twin = clone(self).set_params(validation_fraction=validation_fraction, callbacks=self.callbacks)
        options = twin._options()
        rows = twin._rows(X, y, sample_weight)
        return path_of_rows(rows, options, twin._loss, PRICES if prices is None else prices)

    def export(self, *, dtype: "torch.dtype | None" = None) -> "torch.nn.Sequential":
        """A copy of the network: plain layers of PyTorch, in eval mode, from raw numbers to logits or raw targets.

        It takes what :meth:`numbers` gives: of a table of numbers without gaps that is the table itself. Standardising
        is folded into its first layer, and into the last one of a regressor; the temperature of a classifier into its
        last one; an encoding of columns, such as that of categories, is a layer and a ReLU in front.

        ``predict`` computes in float64. Where the mean of a column is many times its spread, float32, which is what
        None stands for, loses digits: then a further layer in front centres the columns, and if outputs move in spite
        of that, a ``UserWarning`` says by how much; where they are not finite, ``BadInput`` is raised.
        """
        import torch

        from continuum.sklearn.parameters import device_of
        from continuum.sklearn.precision import in_precision

        check_is_fitted(self)
        dtype = torch.float32 if dtype is None else dtype
        if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
            expected, remedy = "a floating-point type of torch", "give torch.float32 or torch.float64"
            raise BadInput("dtype", expected=expected, came=repr(dtype), remedy=remedy)
        known = (self._probe, self._inputs, self._known_table().number_names)
        return in_precision(self._network, dtype, *known, loss=self._loss).to(device_of(self.device))

    def numbers(self, X: Any) -> EstimatorTable:
        """A table as the numbers that the network of :meth:`export` takes, (rows, columns), in float64.

        One column per column of the table: numbers as they are, the mean of training where one is missing; categories
        as codes, -1 where they are unknown. Behind these comes one column, 1 where a number is missing, per column of
        which any was missing in training.
        """
        return dense(numbers_of(self, self._known_table(), X))

    def plot(self) -> "matplotlib.figure.Figure":
        """A figure of the fit: the width and the training loss while it was learned, and the gates that it left."""
        from continuum.analysis.learned_width import draw_learned_width

        check_is_fitted(self)
        return draw_learned_width(self.width_curve_, self.loss_curve_, self.gates_, self.units_)

    @abstractmethod
    def _rows(self, X: Any, y: Any, sample_weight: Any, *, known: Any = None) -> EstimatorRows:
        """Checked training rows, as scikit-learn checks them.

        In a batch, of which one row is enough, ``known`` is what is known of the targets: all labels; otherwise None.
        """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        kinds = tags.input_tags
        kinds.allow_nan = kinds.sparse = kinds.categorical = kinds.string = True
        return tags

    def _numbered(self, numbers: Numbers, texts: Any, weight: Any) -> tuple[Numbers, tuple[int, ...]]:
        """A table as numbers, as the rows say with which training began, and how many categories a column codes."""
        if self._table is None:
            from continuum.sklearn.table.table import Table

            self._table = Table.of(numbers, texts, weight, getattr(self, "feature_names_in_", None))
        return self._table(numbers, texts), self._table.categories

    def _options(self) -> "EstimatorOptions":
        from continuum.sklearn.parameters import estimator_options, seed_of

        return estimator_options(self.get_params(deep=False), seed_of(self.random_state))

    def _learn_batch(self, rows: tuple[Any, Any, Any], known: Any) -> Self:
        """Learn from a first batch (X, y, sample_weight) as ``fit`` does, and go on with a further one."""
        from continuum.sklearn.start import AFRESH, at_price, in_steps

        if self._start is None:
            return self._learn(rows, AFRESH, at_price, known)
        return self._learn(rows, self._start, in_steps, known)

    def _learn(self, rows: tuple[Any, Any, Any], start: "Start", adapted: "Adapted", known: Any = None) -> Self:
        """Learn from (X, y, sample_weight), or fail and stay as before."""
        from continuum.sklearn.precision import probe
        from continuum.sklearn.start import checked_start
        from continuum.sklearn.training import fit_rows

        options, before = self._options(), dict(vars(self))
        try:
            if start.network is None:
                self._table = None
            else:
                validate_data(self, rows[0], reset=False, skip_check_array=True)  # the same columns
            training = self._rows(*rows, known=known)
            start = checked_start(start, training, before, self.__dict__)
            fitted = fit_rows(training, adapted(options, start, training), self._loss, start)
            self._keep(fitted, start)
            self._probe = probe(training.x)
        except BaseException:
            self.__dict__ = before  # labels and columns of a fit that failed are not those of the network
            raise
        if fitted.result.saturated:
            text = f"all of max_units={self.max_units} are on: the width may be too small; raise max_units or the price"
            warnings.warn(text, ConvergenceWarning, stacklevel=3)
        return self

    def _keep(self, fitted: "Fitted", start: "Start") -> None:
        from continuum.sklearn.gates import gates_of
        from continuum.sklearn.standard import folded
        from continuum.sklearn.start import next_start

        result = fitted.result
        self._network = folded(result.network, fitted.scales.inputs, fitted.scales.targets)
        self._inputs = fitted.scales.standardiser
        self._start = next_start(fitted, start)
        self.widths_, self.units_, self.width_ = result.widths, result.units, float(sum(result.widths))
        self.width_curve_, self.loss_curve_ = result.width_curve.numpy(), result.loss_curve.numpy()
        self.gates_ = gates_of(result.graded, result.widths, bounded=self.method != "graded")
        self.n_iter_, self.rounding_gap_ = result.steps, result.rounding_gap
        self.price_, self.activation_ = self._start.price, result.activation
        self.encoding_ = "piecewise" if getattr(result, "candidate", "raw") == "piecewise" else "raw"
        self.notes_ = (*result.notes, *(self._table.notes if self._table is not None else ()))
        self.validation_losses_ = fitted.validation_losses

    def _known_table(self) -> "Table":
        """The table of the fit."""
        check_is_fitted(self)
        if self._table is None:
            raise TypeError("a fitted estimator knows its table")
        return self._table

    def _outputs(self, X: Any) -> Float64[np.ndarray, "rows outputs"]:
        import torch

        from continuum.sklearn.parameters import device_of

        numbers, device = numbers_of(self, self._known_table(), X), device_of(self.device)
        network = copy.deepcopy(self._network).to(device)
        blocks = row_blocks(numbers.shape[0], numbers.shape[1], AT_ONCE)
        with torch.no_grad():
            parts = [network(torch.tensor(dense(numbers[part])).to(device)).cpu() for part in blocks]
        outputs = np.asarray(torch.cat(parts))
        if not np.isfinite(outputs).all():
            raise beyond(numbers, outputs, self._inputs, self._known_table().number_names)
        return outputs
