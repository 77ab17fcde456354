"""Stress a verdict: the same detectors look at altered copies of the file, and a score that flips is inconclusive."""

from analysis.engine.stress.examination import Stressed
from analysis.engine.stress.order import StressOrder

__all__ = ["StressOrder", "Stressed"]
