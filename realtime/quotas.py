"""What one user may have and send at a time in one web process."""

from collections import Counter
from uuid import UUID

from django.conf import settings

WINDOW_SECONDS = 5.0


class Quotas:
    """Counts sockets, watched topics and frames by user, at a cost that does not grow with their number."""

    def __init__(self) -> None:
        self.sockets: Counter[UUID] = Counter()
        self._topics: dict[UUID, Counter[UUID]] = {}
        self._frames: Counter[UUID] = Counter()
        self._window_began = 0.0

    def take_socket(self, user: UUID) -> None:
        self.sockets[user] += 1

    def give_socket(self, user: UUID) -> None:
        _less(self.sockets, user)

    def take_topic(self, user: UUID, topic: UUID) -> bool:
        """Counts one more watcher of the topic; False, and nothing counted, for one topic too many."""
        watched = self._topics.setdefault(user, Counter())
        if topic not in watched and len(watched) >= settings.ASSAY_TOPICS_PER_USER:
            return False
        watched[topic] += 1
        return True

    def give_topic(self, user: UUID, topic: UUID) -> None:
        watched = self._topics[user]
        _less(watched, topic)
        if not watched:
            del self._topics[user]

    def take_frame(self, user: UUID, now: float) -> bool:
        """Counts a frame that came; False for one too many in this window."""
        if now - self._window_began > WINDOW_SECONDS:
            self._frames.clear()
            self._window_began = now
        self._frames[user] += 1
        return self._frames[user] <= settings.ASSAY_FRAMES_PER_SECOND * WINDOW_SECONDS


def _less(counts: Counter[UUID], key: UUID) -> None:
    counts[key] -= 1
    if not counts[key]:
        del counts[key]
