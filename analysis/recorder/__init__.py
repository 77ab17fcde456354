"""Writes down what an examination yields: paced, in batches, and only while its attempt holds the lease."""

from analysis.recorder.recording import Record, record

__all__ = ["Record", "record"]
