"""The environment: what Gymnasium asks of it, rewards that telescope, and what an action means."""

import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from continuum.benchmark import SPACE, Point
from continuum.errors import BadInput
from continuum.search.environments import (
    ENVIRONMENT,
    REPRESENTATIONS,
    Continuous,
    ContinuousRounded,
    Descriptors,
    Discrete,
    Problem,
    SoftmaxArgmax,
    represent,
    task_split,
    widths,
)
from continuum.search.environments.width import WidthEnv
from tests.search.bowl import Bowl

TASKS = ("iris", "wine", "breast_cancer")


def episode(environment, actions, seed=0):
    state, info = environment.reset(seed=seed)
    states, rewards, end = [state], [], False
    for action in actions:
        if end:
            break
        state, reward, end, _, info = environment.step(action)
        states.append(state)
        rewards.append(reward)
    return np.array(states), rewards, end, info


@pytest.mark.parametrize("representation", REPRESENTATIONS)
def test_gymnasium_accepts_it(representation):
    made = gymnasium.make(ENVIRONMENT, evaluator=[Bowl(t) for t in TASKS], representation=representation)
    check_env(made.unwrapped, skip_render_check=True)


def test_the_package_imports_without_gymnasium():
    code = "import sys, continuum, continuum.search; sys.exit('gymnasium' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_missing_library_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    with pytest.raises(BadInput, match=r"continuum-width\[search\]"):
        _ = Continuous().actions


def telescopes(environment, reward_of):
    """Whether the rewards of random episodes add up to J at the start less J at the end, to rounding."""
    generator = np.random.default_rng(3)
    for seed in range(10):
        environment.reset(seed=seed)
        values, total, end = [], 0.0, False
        while not end:
            action = generator.uniform(-1, 1, 2).astype(np.float32)
            _, reward, end, _, info = environment.step(action)
            values.append(info["value"])
            total += reward_of(reward, info)
        unit = environment._problem.scale[1]
        if abs(total - (1.0 - min(values)) / unit) > 1e-12:
            return False
    return True


@pytest.mark.parametrize("normalise", ["constant", "grid"])
def test_rewards_telescope(normalise):
    environment = WidthEnv([Bowl(t) for t in TASKS], normalise=normalise)
    assert telescopes(environment, lambda reward, info: reward)
    # Falsifiers: the fall of J itself from 1 at each step, and falls from a start that is another.
    assert not telescopes(environment, lambda reward, info: 1.0 - info["value"])
    assert not telescopes(environment, lambda reward, info: 0.9 * reward)


def test_normalised_by_the_grid_the_best_is_0_and_the_mean_1():
    problem = Problem(Bowl("wine"), "grid")
    values = [problem.normalised(problem.value(point)) for point in SPACE.points()]
    assert min(values) == 0.0
    assert np.mean(values) == pytest.approx(1.0, abs=1e-12)


def test_an_episode_is_a_function_of_its_seed():
    actions = np.random.default_rng(0).uniform(-1, 1, (9, 2)).astype(np.float32)
    first, again = (episode(WidthEnv([Bowl(t) for t in TASKS]), actions, seed=5) for _ in range(2))
    assert np.array_equal(first[0], again[0])
    assert first[1] == again[1]
    tasks = {WidthEnv([Bowl(t) for t in TASKS]).reset(seed=seed)[1]["task"] for seed in range(20)}
    assert tasks == set(TASKS)


def test_budget_landmarks_and_history_are_seen():
    environment = WidthEnv(Bowl("wine"), budget=250)  # 2 landmarks of 5 epochs, and two trainings of 100
    first = np.array([0.0, 1.0], dtype=np.float32)
    states, rewards, end, info = episode(environment, [first, first, first])
    assert end
    assert len(rewards) == 2
    # Rows of the fifth place on: landmarks, budget left, incumbent, then (gamma, lr, J) of the last trials.
    assert states[0, 4:6] == pytest.approx(environment.problems[0].landmarks, abs=1e-6)
    assert states[:, 6] == pytest.approx([240 / 250, 140 / 250, 40 / 250], abs=1e-6)
    assert states[1, 7] == pytest.approx(info["value"], abs=1e-6)
    point = environment.representation.point(first)
    place = 2 * np.log(point.gamma / 0.5) / np.log(128) - 1
    assert states[1, 8:11] == pytest.approx([place, 1.0, info["value"]], abs=1e-6)
    assert np.all(states[1, 11:] == 0)
    with pytest.raises(BadInput, match="reset it"):
        environment.step(first)


def test_equal_points_are_computed_once_and_charged_each_time():
    evaluator = Bowl()
    environment = WidthEnv(evaluator)
    for _ in range(3):
        episode(environment, [np.zeros(2, dtype=np.float32)] * 4)
    assert evaluator.asked == 3  # two landmarks and one point


@pytest.mark.parametrize("action", [[0.0, np.nan], [0.0, 1.5], [0.0], [[0.0, 0.0]], ["a", "b"], [True, False]])
def test_an_action_outside_the_box_is_refused(action):
    environment = WidthEnv(Bowl())
    environment.reset(seed=0)
    with pytest.raises(BadInput, match="2 numbers from -1 to 1"):
        environment.step(np.array(action))


@pytest.mark.parametrize("action", [-1, 120, 0.5, np.nan, [3]])
def test_an_index_outside_the_range_is_refused(action):
    with pytest.raises(BadInput, match="whole number from 0 to 119"):
        Discrete().point(action)


def test_other_bad_input_is_refused():
    with pytest.raises(BadInput, match="110 epochs"):
        WidthEnv(Bowl(), budget=109)
    with pytest.raises(BadInput, match="one or more"):
        WidthEnv([])
    with pytest.raises(BadInput, match="did you mean softmax"):
        represent("softmx")
    with pytest.raises(BadInput, match="resolution"):
        represent("continuous", resolution=5)
    with pytest.raises(BadInput, match="normalise"):
        Problem(Bowl(), "mean")
    with pytest.raises(BadInput, match="hold fewer out"):
        task_split(["iris", "wine"], held_out=2)


def test_every_point_of_the_grid_has_an_action():
    discrete = Discrete(everything=True)
    assert [discrete.point(i) for i in range(discrete.size)] == SPACE.points()
    continuous = Continuous(everything=True)
    cube = np.stack(np.meshgrid(*[np.linspace(-1, 1, n) for n in (300, 9, 2, 2)]), -1).reshape(-1, 4)
    assert {continuous.point(action) for action in cube} == set(SPACE.points())


@pytest.mark.parametrize("resolution", [5, 9, 17, 29])
def test_rounded_and_softmax_reach_the_same_widths(resolution):
    rounded = ContinuousRounded(resolution=resolution, on_grid=False)
    softmax = SoftmaxArgmax(resolution=resolution, on_grid=False)
    line = {rounded.point(np.array([a, 0.0])).gamma for a in np.linspace(-1, 1, 2001)}
    logits = {softmax.point(np.r_[np.eye(resolution)[k], 0.0]).gamma for k in range(resolution)}
    assert line == logits == set(widths(SPACE, resolution))
    middle = Continuous(on_grid=False).point(np.array([0.013, 0.0])).gamma
    assert middle not in line


def test_between_changes_of_the_greatest_logit_the_width_stands_still():
    softmax = SoftmaxArgmax(resolution=5)
    logits = np.array([0.1, 0.3, -0.2, 0.0, 0.2, 0.0])
    still = {softmax.point(np.r_[logits[:1], a, logits[2:]]).gamma for a in np.linspace(0.21, 1, 50)}
    assert len(still) == 1
    assert softmax.point(np.r_[logits[:1], 0.19, logits[2:]]).gamma not in still


@pytest.mark.parametrize("name", ["continuous", "rounded", "softmax"])
def test_on_the_grid_a_point_is_the_nearest_of_it(name):
    exact, grid = represent(name, on_grid=False), represent(name)
    for action in np.random.default_rng(0).uniform(-1, 1, (200, *grid.actions.shape)):
        assert grid.point(action) == SPACE.nearest(exact.point(action))


def test_tasks_are_split_without_overlap_and_by_the_seed():
    tasks = [f"task{i}" for i in range(12)]
    splits = [task_split(tasks, held_out=4, seed=seed) for seed in range(5)]
    for train, judged in splits:
        assert sorted(train + judged) == sorted(tasks)
        assert len(judged) == 4
    assert len({tuple(judged) for _, judged in splits}) > 1


def test_descriptors_tell_tasks_apart():
    seen = {tuple(Problem(Bowl(task)).descriptors.vector) for task in TASKS}
    assert len(seen) == len(TASKS)
    assert Descriptors(90, 4, 3, "classification") == Problem(Bowl("iris")).descriptors
    assert Point(4.0, 0.01) in SPACE
