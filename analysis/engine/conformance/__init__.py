"""The conformance kit: whether a detector keeps what the protocol promises. Loads neither NumPy nor torch."""

from analysis.engine.conformance.kit import check
from analysis.engine.conformance.report import Finding, Report, State
from analysis.engine.conformance.terms import Terms

__all__ = ["Finding", "Report", "State", "Terms", "check"]
