"""Agents: they learn, they are functions of their seed, and a policy is judged by the accounts of all."""

import sys

import numpy as np
import pytest
import torch

from continuum.benchmark import SPACE
from continuum.errors import BadInput
from continuum.search import by_name, run
from continuum.search.agents import AGENTS, judge, make_agent, train_agent
from continuum.search.agents.agent import Schedule
from continuum.search.environments import ENVIRONMENT, Continuous, represent
from continuum.search.environments.situation import STATE
from tests.search.bowl import Bowl
from tests.search.contract import SearcherContract

TASKS = ("iris", "wine", "breast_cancer")


class TestDDPG(SearcherContract):
    name = "ddpg"

    def make(self, seed=0):
        return by_name(self.name)(SPACE, seed)


class TestTD3(TestDDPG):
    name = "td3"


class TestSAC(TestDDPG):
    name = "sac"


class TestNAF(TestDDPG):
    name = "naf"


class TestDQN(TestDDPG):
    name = "dqn"


class TestPPO(TestDDPG):
    name = "ppo"


class TestDDPGSoftmax(TestDDPG):
    name = "ddpg_softmax"


@pytest.mark.parametrize("name", AGENTS)
def test_a_policy_is_a_function_of_its_seed_and_leaves_the_world_alone(name):
    evaluators = [Bowl(task) for task in TASKS]
    world = torch.get_rng_state(), np.random.get_state()[1].copy()
    traces = []
    for disturbed in (False, True):
        if disturbed:
            torch.rand(3)
        policy = train_agent(name, evaluators, steps=60, seed=1, trials=2)
        traces.append(judge(policy, Bowl("digits"), 310))
        if not disturbed:
            assert torch.equal(world[0], torch.get_rng_state())
            assert np.array_equal(world[1], np.random.get_state()[1])
    assert traces[0].rows.equals(traces[1].rows)
    assert traces[0].searcher == name


def answer_regret(name, tasks):
    """J of the first whole training less the least of the grid, in the mean over tasks, after learning on some."""
    policy = train_agent(name, [Bowl(task) for task in tasks], steps=400, seed=0)
    regrets = []
    for task in TASKS:
        trace = judge(policy, Bowl(task), 110)
        best = min(Bowl(task).bottom(p) + 0.1 * p.units / 64 for p in SPACE.points())
        regrets.append(trace.rows["value"].iloc[-1] - best)
    return float(np.mean(regrets))


@pytest.mark.parametrize("name", ["naf", "ddpg"])
def test_agents_learn(name):
    """The mean point is .26 worse than the best one; whoever learned on a task far from them is no better."""
    assert answer_regret(name, TASKS) < 0.06
    assert answer_regret(name, ["digits"]) > 0.12


def test_landmarks_are_charged_and_stand_in_the_trace():
    policy = train_agent("naf", [Bowl()], steps=20)
    rows = judge(policy, Bowl("digits"), 410).rows
    assert rows["cost"].tolist() == [5, 10, 110, 210, 310, 410]
    assert rows["epochs"].tolist() == [5, 5, 100, 100, 100, 100]
    assert len(rows.loc[2:, ["gamma", "lr"]].drop_duplicates()) == 4, "a sure policy must not train a point twice"


def test_an_agent_and_a_representation_that_do_not_fit_are_refused():
    with pytest.raises(BadInput, match="continuous, rounded or softmax for ddpg"):
        train_agent("ddpg", [Bowl()], steps=10, representation="discrete")
    with pytest.raises(BadInput, match="discrete for dqn"):
        train_agent("dqn", [Bowl()], steps=10, representation="continuous")
    with pytest.raises(BadInput, match="did you mean ddpg"):
        train_agent("ddgp", [Bowl()], steps=10, representation="continuous")
    with pytest.raises(BadInput, match="tasks to learn from"):
        train_agent("ddpg", [])


def transitions(agent, reward, count=60):
    generator = np.random.default_rng(0)
    for _ in range(count):
        state = generator.uniform(-1, 1, STATE).astype(np.float32)
        action = agent.act(state, explore=True)
        agent.learn(state, action, reward(action), state, True)


def test_naf_survives_what_is_no_number():
    agent = make_agent("naf", STATE, Continuous(), Schedule(60), 0)
    transitions(agent, lambda action: 1.0 - float(np.square(action).sum()))
    assert agent.left_out == 0
    for reward in (np.nan, np.inf, 1e38):
        transitions(agent, lambda action, reward=reward: reward, 5)
    assert agent.left_out > 0
    assert np.isfinite(agent.act(np.zeros(STATE, dtype=np.float32))).all()


def test_nafs_advantage_is_greatest_and_0_at_its_mean():
    network = make_agent("naf", STATE, Continuous(), Schedule(60), 0).network
    states, generator = torch.rand(7, STATE), torch.Generator().manual_seed(0)
    with torch.no_grad():
        value, mean, factor = network(states)
        assert torch.allclose(network.q(states, mean), value, atol=1e-6)
        away = mean + torch.randn(7, 2, generator=generator)
        stretched = torch.einsum("nij,ni->nj", factor, away - mean)
        expected = value - 0.5 * stretched.square().sum(1)
        assert torch.allclose(network.q(states, away), expected, atol=1e-5)  # single precision
        assert (network.q(states, away) < value).all()
        # Falsifier: L^T where L belongs.
        wrong = value - 0.5 * torch.einsum("nij,nj->ni", factor, away - mean).square().sum(1)
        assert not torch.allclose(network.q(states, away), wrong, atol=1e-5)


def test_the_environment_serves_the_library_in_its_own_loop():
    import gymnasium
    from stable_baselines3 import DDPG

    environment = gymnasium.make(ENVIRONMENT, evaluator=Bowl(), budget=110)
    model = DDPG("MlpPolicy", environment, gamma=0.0, learning_starts=5, policy_kwargs={"net_arch": [8]}, seed=0)
    model.learn(20)
    assert model.num_timesteps == 20


def test_a_missing_library_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "stable_baselines3", None)
    with pytest.raises(BadInput, match=r"continuum-width\[search\]"):
        by_name("td3")()
    by_name("naf")()


def test_a_searcher_takes_points_of_all_depths_and_decays():
    points = run(by_name("ddpg")(SPACE, 0), Bowl(), 2000).rows
    assert points["depth"].nunique() == points["weight_decay"].nunique() == 2
    assert represent("softmax", everything=True).actions.shape == (27,)
