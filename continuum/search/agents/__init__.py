"""Agents that learn to search: on one task within its budget, or on many tasks, to be judged on others."""

from continuum.search.agents.agent import AGENTS, Agent, make_agent
from continuum.search.agents.judging import PolicySearcher, judge
from continuum.search.agents.naf import NAF
from continuum.search.agents.training import Policy, train_agent

__all__ = ["AGENTS", "NAF", "Agent", "Policy", "PolicySearcher", "judge", "make_agent", "train_agent"]
