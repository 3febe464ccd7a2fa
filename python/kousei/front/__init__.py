"""A function and a tolerance go in, a network comes out: all constructors are tried, and one is chosen."""

from kousei.front import files
from kousei.front.construction import NotReachedError, construct
from kousei.front.network import ConstructedNetwork, ErrorBound
from kousei.front.report import Attempt, Report
from kousei.io import register

__all__ = ["Attempt", "ConstructedNetwork", "ErrorBound", "NotReachedError", "Report", "construct"]

register(ConstructedNetwork, files.to_state, files.from_state)
