"""A reader's place in a topic: every line once, in order, each hanging on the one before."""

from hashlib import sha256

from assay_client.errors import ChainBroken
from assay_client.events import Event, Thinned

GENESIS = "0" * 64


class Chain:
    """`cursor` is the last seq that was read; `hash` its hash, empty while it is not known.

    After lines that were left out the next one is taken for what it says of the one before it.
    """

    def __init__(self, topic: str, *, after: int, after_hash: str = "", verify: bool = True) -> None:
        self.topic = topic
        self.cursor = after
        self.hash = after_hash or (GENESIS if after == 0 else "")
        self._verify = verify

    def take(self, event: Event) -> bool:
        """Whether the event is new. Raises ChainBroken when it is not the next one, or was changed."""
        if event.topic != self.topic:
            raise ChainBroken(self.topic, event.seq, f"the line belongs to topic {event.topic}.")
        if event.seq <= self.cursor:
            return False
        if event.seq != self.cursor + 1:
            raise ChainBroken(self.topic, self.cursor + 1, "the line is missing.")
        if self._verify and (fault := self._fault(event)):
            raise ChainBroken(self.topic, event.seq, fault)
        self.cursor, self.hash = event.seq, event.hash
        return True

    def leave_out(self, gap: Thinned) -> bool:
        """Whether lines not yet read were left out."""
        if gap.last <= self.cursor:
            return False
        if gap.first > self.cursor + 1:
            raise ChainBroken(self.topic, self.cursor + 1, "the line is missing.")
        self.cursor, self.hash = gap.last, ""
        return True

    def _fault(self, event: Event) -> str:
        try:
            linked = sha256(bytes.fromhex(event.prev) + event.digest).hexdigest()
        except ValueError:
            return "its hash is no hash."
        if self.hash and event.prev != self.hash:
            return "it names another line before it."
        if linked != event.hash:
            return "its hash is not that of what it says."
        if event.ends and event.data.get("last_seq") != event.seq:
            return "it is an ending that names another last line."
        return ""
