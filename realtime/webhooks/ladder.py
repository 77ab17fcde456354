"""When a failed delivery is tried again: the ladder of Standard Webhooks, and what receivers ask for."""

import random
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

MINUTE, HOUR = 60.0, 3600.0
# The pause before the second, third … attempt; the first is made at once.
PAUSES_SECONDS = (
    5.0,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
)
ATTEMPTS = len(PAUSES_SECONDS) + 1
JITTER = 0.1
LONGEST_REST_SECONDS = 24 * HOUR
ASKS_FOR_REST = frozenset({429, 502, 503, 504})


def pause_seconds(attempts: int) -> float | None:
    """How long to wait after that many failed attempts; None when it was the last."""
    if attempts >= ATTEMPTS:
        return None
    # many deliveries that failed together must not come back together
    return PAUSES_SECONDS[attempts - 1] * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  # no secret


def rest_seconds(status: int, retry_after: str, now: datetime) -> float | None:
    """How long the receiver asks not to be called (`Retry-After`: seconds or a date); a day at most."""
    if status not in ASKS_FOR_REST or not retry_after:
        return None
    asked = _seconds(retry_after.strip(), now)
    return min(asked, LONGEST_REST_SECONDS) if asked is not None and asked > 0 else None


def _seconds(text: str, now: datetime) -> float | None:
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter of zones no clock has
        return None
    if moment.tzinfo is None:
        return None
    return (moment - now) / timedelta(seconds=1)
