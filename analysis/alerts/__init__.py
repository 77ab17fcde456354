"""Alerts: what people want to be told of at once, out of all that cameras see."""
