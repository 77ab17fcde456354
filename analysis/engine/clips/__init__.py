"""Stretches of a recording, copied as they were coded."""

from analysis.engine.clips.cutting import Clip, cut

__all__ = ["Clip", "cut"]
