"""Webhooks: the log delivered to addresses its owners name, signed, at least once and in order per topic."""
