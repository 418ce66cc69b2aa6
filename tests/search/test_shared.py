"""What all methods of shared weights keep to: budget, replay, and the answers of smaller budgets."""

import pytest

from continuum.benchmark import SPACE, Space, stream
from continuum.errors import BadInput
from continuum.search import by_name
from continuum.search.shared import METHODS, collapse, divided, paired, response_effect


@pytest.mark.parametrize("name", METHODS)
def test_budget_replay_and_prefix(name: str) -> None:
    data, method = stream("iris", 0), METHODS[name]()
    answers = method.answers(data, budget=200, seed=3)
    assert [mark for mark, _ in answers] == [100, 200]
    assert all(100 <= choice.cost <= mark for mark, choice in answers)
    assert all(choice.point in SPACE for _, choice in answers)
    assert answers[1][1].cost > 150  # the budget is used
    shorter = METHODS[name]().answers(data, budget=150, seed=3)
    longer = METHODS[name]().answers(data, budget=250, seed=3)
    assert longer[:2] == answers
    assert shorter[:1] == answers[:1]


def test_a_trace_says_what_retraining_gave() -> None:
    rows = METHODS["supernet"](split=1).search("iris", budget=200, seed=5).rows
    assert rows["incumbent"].all()
    assert (rows["epochs"] == 100).all()
    assert rows["best_epoch"].between(1, 100).all()
    assert rows["value"].between(0, 1.2).all()
    other = METHODS["supernet"](split=0).search("iris", budget=200, seed=5).rows
    assert rows["value"].tolist() != other["value"].tolist()


def test_seeds_differ() -> None:
    data = stream("iris", 0)
    points = {METHODS["random_shared"]().answers(data, 150, seed)[1][1].point for seed in range(4)}
    assert len(points) > 1


def test_a_space_of_its_own_is_kept_to() -> None:
    space = Space(gamma=(1.0, 2.5, 4.0), lr=(0.001, 0.003), weight_decay=(0.001,), depth=(2,), epochs=10)
    for name in METHODS:
        answers = METHODS[name](space).answers(stream("iris", 0), 40, 0)
        assert all(choice.point in space for _, choice in answers)


def test_bad_input() -> None:
    with pytest.raises(BadInput, match="one training at least"):
        METHODS["enas"]().search("iris", budget=99, seed=0)
    with pytest.raises(BadInput, match="did you mean enas"):
        paired(["ennas"], "iris", [0], budget=100)
    with pytest.raises(BadInput, match="division"):
        divided(stream("iris", 0), "some", 0)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="two names"):
        response_effect("iris", 0, 100, methods=("enas",))  # type: ignore[arg-type]


def test_targets_are_exchanged_among_training_rows_alone() -> None:
    data = stream("wine", 0)
    noisy = divided(data, "noise", 1)
    assert noisy.validation is data.validation
    assert sorted(noisy.train.y) == sorted(data.train.y)
    assert 0.1 < (noisy.train.y != data.train.y).mean() < 0.4


def test_pairs_are_of_one_seed() -> None:
    table = paired(["supernet", "random_shared"], "iris", [0, 1], budget=150)
    start = table[table["budget"] == 100].pivot(index="seed", columns="method", values="value")
    assert (start["supernet"] == start["random_shared"]).all()  # nothing learned yet: the same random point
    assert table["value"].between(0, 1.2).all()


def test_without_a_price_the_mass_stays_wide() -> None:
    priced, free = (collapse("iris", 0, 160, price=price) for price in (1.0, 0.0))
    assert priced["units"].iloc[-1] < free["units"].iloc[-1]
    assert priced["units"].iloc[-1] < priced["units"].iloc[0]


def test_the_registry_knows_every_method() -> None:
    assert all(by_name(name) is method for name, method in METHODS.items())
