"""Names beside points: none covers another, and each stands nearest to its own."""

from continuum.analysis.point_names import name_points
from continuum.analysis.style import new_figure


def test_names_of_neighbouring_points_do_not_cover_each_other():
    _, axes = new_figure()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    points = {"left": (0.5, 0.5), "right": (0.52, 0.5), "corner": (0.99, 0.99)}
    axes.plot([0.1, 0.9], [0.45, 0.45])
    for point in points.values():
        axes.plot(*point, "o")
    name_points(axes, points, fontsize=6)
    assert [text.get_text() for text in axes.texts] == list(points)
    boxes = [text.get_window_extent().padded(-0.1) for text in axes.texts]  # those that touch do not cover
    assert not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[:place])
    assert not any(box.overlaps(line.get_window_extent()) for box in boxes for line in axes.lines)
    assert boxes[2].x1 <= axes.bbox.x1
    assert boxes[2].y1 <= axes.bbox.y1


def test_a_name_stands_nearest_to_its_own_point():
    _, axes = new_figure()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    points = {"lower": (0.5, 0.5), "upper": (0.5, 0.55)}
    axes.plot(*zip(*points.values(), strict=True), "o")
    name_points(axes, points, fontsize=6)
    lower, upper = (text.get_window_extent() for text in axes.texts)
    assert lower.y1 < upper.y0
