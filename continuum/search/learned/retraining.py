"""Train one point from scratch, as the table trained its points."""

from math import ceil

from continuum.benchmark import BATCH, Curve, Point, stream
from continuum.ensemble import Member, Settings, train


def retrained(point: Point, epochs: int, task: str, seed: int) -> Curve:
    """The curve of a point on the validation rows, its width as real as it is asked for.

    >>> from continuum.benchmark import Point
    >>> retrained(Point(2.0, 0.01), 3, "iris", seed=0).epochs
    3
    """
    settings = Settings(units=(ceil(point.gamma),) * point.depth, batch=BATCH, epochs=epochs)
    member = Member((point.gamma,) * point.depth, init=seed, lr=point.lr, weight_decay=point.weight_decay)
    trained = train([stream(task, seed)], [member], settings)
    loss, score = trained.validation_loss[1:, 0], trained.validation_score[1:, 0]
    return Curve(point, seed, {"validation": loss}, {"validation": score})
