"""The queue: the only writer of a run's state.

Every change locks the run, then its lease, then its topic, and writes the state and the event that tells of
it in one transaction. The engine (Procrastinate) may dispatch a run twice; the lease decides who has it.
"""

from analysis.errors import AlreadyEnded, LeaseLost, NotEnded, QueueError
from analysis.queue.asking import enqueue, request_cancel, retry, tell_workers, unwatch, watch
from analysis.queue.claiming import claim
from analysis.queue.endings import answer, cancelled, fail, release, succeed, watched
from analysis.queue.engine import waiting
from analysis.queue.leases import Attempt, Beat, Claim, extend, fence
from analysis.queue.losses import Loss, lose_slot, put_back, release_slot
from analysis.queue.sweeping import sweep

__all__ = [
    "AlreadyEnded",
    "Attempt",
    "Beat",
    "Claim",
    "LeaseLost",
    "Loss",
    "NotEnded",
    "QueueError",
    "answer",
    "cancelled",
    "claim",
    "enqueue",
    "extend",
    "fail",
    "fence",
    "lose_slot",
    "put_back",
    "release",
    "release_slot",
    "request_cancel",
    "retry",
    "succeed",
    "sweep",
    "tell_workers",
    "unwatch",
    "waiting",
    "watch",
    "watched",
]
