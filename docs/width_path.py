"""Draw docs/width_path.png, the picture of the manual's first example: ``python docs/width_path.py``."""

from pathlib import Path

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from continuum.analysis.style import FULL, OKABE_ITO, house_style, new_figure
from continuum.learn.learning import WidthPath
from continuum.sklearn import ContinuousMLPClassifier

TARGET = Path(__file__).with_name("width_path.png")


def main() -> None:
    """Fit, follow the path of prices, and draw both."""
    X, y = load_digits(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
    model = ContinuousMLPClassifier(price=4.0, skip=False, rounding="width", random_state=0).fit(X_train, y_train)
    path = model.width_path(X_train, y_train)
    print(model.width_, model.units_, model.score(X_test, y_test), model.export(), path, sep="\n")  # noqa: T201
    with house_style():
        draw(model, path)


def draw(model: ContinuousMLPClassifier, path: WidthPath) -> None:
    """Left the width while it is learned, right the frontier of held-out score against width."""
    figure, (left, right) = new_figure(1, 2, width=FULL)
    curve = model.width_curve_.sum(1)
    left.plot([100 * place / (len(curve) - 1) for place in range(len(curve))], curve, color=OKABE_ITO[0])
    left.set(xlabel="share of the last network's steps, per cent", ylabel="width", ylim=(0, None))
    left.annotate(f"{model.width_:.1f}", (100, curve[-1]), (0, 6), textcoords="offset points", ha="right")
    widths, score, error = path.widths.sum(1), path.score, path.standard_error
    right.errorbar(widths, score, 1.96 * error, fmt="o-", color=OKABE_ITO[0], capsize=2)
    chosen = path.one_standard_error()
    right.axvline(float(widths[chosen]), color=OKABE_ITO[1], linewidth=0.8, linestyle="--")
    place = (float(widths[chosen]), float(score.min()))
    text = f"within one standard error\nof the best: {path.units[chosen][0]} units"
    right.annotate(text, place, (4, 0), textcoords="offset points", color=OKABE_ITO[1])
    right.set(xscale="log", xlim=(0.9, 120), xlabel="width", ylabel="held-out score (minus Brier's)")
    ticks = (1, 2, 5, 10, 20, 50, 100)
    right.set_xticks(ticks, [str(tick) for tick in ticks], minor=False)
    right.set_xticks([], minor=True)
    figure.savefig(TARGET, dpi=150)


if __name__ == "__main__":
    main()
