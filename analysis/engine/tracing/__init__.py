"""From a score on record back to what it was computed from, and once more to the score."""
