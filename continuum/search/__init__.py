"""Ways of choosing a network: what to try next (ask), what came of it (tell), and one accounting for all."""

from continuum.search.driver import run
from continuum.search.registry import SEARCHERS, by_name, make
from continuum.search.searcher import Proposal, Report, Searcher
from continuum.search.sharing import SharingMethod
from continuum.search.trace import Trace

__all__ = ["SEARCHERS", "Proposal", "Report", "Searcher", "SharingMethod", "Trace", "by_name", "make", "run"]
