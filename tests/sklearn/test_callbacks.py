"""Who is told how a fit goes, and may end it."""

import copy
import sys
from types import ModuleType

import numpy as np
import pytest
from sklearn.base import clone

from continuum.errors import BadInput
from continuum.sklearn import MLflowCallback, TensorBoardCallback
from tests.sklearn.data import classifier, regressor, waves, wine

Calls = list[tuple[int, int, float, float]]


def fitted(stop=lambda *now: False, **options) -> tuple[Calls, object]:
    calls: Calls = []

    def callback(steps, total, width, loss):
        calls.append((steps, total, width, loss))
        return stop(steps, total, width, loss)

    return calls, classifier(callbacks=callback, **options).fit(*wine())


def test_steps_total_width_and_loss():
    calls, model = fitted()
    steps, totals, widths, losses = (np.array(column) for column in zip(*calls, strict=True))
    assert (np.diff(steps) >= 0).all()
    assert (steps[:-1] < totals[:-1]).all()
    assert set(totals) == {120}
    assert calls[-1][:2] == (120, 120)
    assert widths[-1] == model.width_
    learned = slice(0, len(model.loss_curve_) - 1)
    np.testing.assert_allclose(losses[learned], model.loss_curve_[:-1], rtol=1e-6)
    np.testing.assert_allclose(widths[learned], model.width_curve_[:-1].sum(1), rtol=1e-6)
    rounding = losses[learned.stop :]
    assert len(rounding) >= 2
    assert (rounding == losses[learned][-1]).all()  # that which was measured last


def test_of_a_choice_too_steps_never_pass_their_total():
    calls, model = fitted(price=None, max_iter=1500)
    steps, totals, *_ = (np.array(column) for column in zip(*calls, strict=True))
    assert np.isfinite(model.rounding_gap_)
    assert (np.diff(steps) >= 0).all()
    assert (steps[:-1] < totals[:-1]).all()
    assert (totals <= 1500).all()
    assert calls[-1][:2] == (model.n_iter_, model.n_iter_)


def test_callbacks_change_nothing():
    model = fitted()[1]
    np.testing.assert_array_equal(model.predict_proba(wine()[0]), classifier().fit(*wine()).predict_proba(wine()[0]))


def test_a_true_answer_ends_the_fit():
    calls, model = fitted(lambda steps, *now: steps >= 30)
    asked = next(steps for steps, *_ in calls if steps >= 30)
    assert asked < model.n_iter_ < 120  # rounding still takes place
    assert calls[-1][:2] == (model.n_iter_, model.n_iter_)
    assert len(model.loss_curve_) == 2 + sum(steps < asked for steps, *_ in calls)


def test_it_ends_the_choice_and_what_follows():
    _, model = fitted(lambda *now: True, price=None, max_iter=1500)
    assert model.n_iter_ < 750  # of which the ladder and rounding are all
    assert len(model.validation_losses_) <= 1
    _, model = fitted(lambda *now: True, method="interval", early_stopping=True)
    assert len(model.validation_losses_) <= 4


def test_a_path_is_told_and_ended():
    X, y = waves()
    calls: Calls = []
    model = regressor(callbacks=[lambda *now: calls.append(now), lambda *now: len(calls) > 3])
    assert len(model.width_path(X, y, prices=(30.0, 10.0, 3.0)).prices) < 3
    assert calls


def test_a_path_tells_the_callback_itself():
    class Counter:
        count = 0

        def __call__(self, *now: float) -> None:
            self.count += 1

    counter = Counter()
    regressor(callbacks=counter).width_path(*waves(), prices=(10.0,))
    assert counter.count


@pytest.mark.parametrize("given", ["loud", [print, 3], 3])
def test_what_cannot_be_called_is_refused(given):
    with pytest.raises(BadInput, match=r"callbacks: expected functions of \(steps, total, width, loss\), got .*None"):
        classifier(callbacks=given).fit(*wine())


def stand_in(monkeypatch: pytest.MonkeyPatch, name: str, **members: object) -> None:
    """A module with the public names that are used of a package that need not be installed."""
    module = ModuleType(name)
    vars(module).update(members)
    monkeypatch.setitem(sys.modules, name, module)


class Writer:
    """What TensorBoard's ``SummaryWriter`` takes."""

    written: list[tuple[str, float, int | None]]
    folders: list[str]

    def __init__(self, log_dir: str | None = None) -> None:
        self.folders.append(str(log_dir))

    def add_scalar(self, tag: str, scalar_value: float, global_step: int | None = None) -> None:
        self.written.append((tag, scalar_value, global_step))

    def close(self) -> None:
        self.folders.append("closed")


def test_tensorboard(monkeypatch, tmp_path):
    """With a stand-in, for TensorBoard is not among what the tests install."""
    Writer.written, Writer.folders = [], []
    stand_in(monkeypatch, "torch.utils.tensorboard", SummaryWriter=Writer)
    model = classifier(callbacks=TensorBoardCallback(tmp_path)).fit(*wine())
    assert Writer.folders == [str(tmp_path), "closed"]
    assert {tag for tag, *_ in Writer.written} == {"width", "loss"}
    assert Writer.written[-2] == ("width", model.width_, 120)
    assert all(np.isfinite(value) for _, value, _ in Writer.written)


def test_mlflow(monkeypatch):
    """With a stand-in, for MLflow is not among what the tests install."""
    logged = []
    stand_in(monkeypatch, "mlflow", log_metrics=lambda metrics, step=None: logged.append((metrics, step)))
    model = classifier(callbacks=[MLflowCallback()]).fit(*wine())
    assert logged[-1][0]["width"] == model.width_
    assert logged[-1][1] == 120


def test_clones_write_to_the_same_place(tmp_path):
    callback = TensorBoardCallback(tmp_path)
    assert clone(classifier(callbacks=[callback])).callbacks[0] is callback
    assert copy.deepcopy(callback) is callback
