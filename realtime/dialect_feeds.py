"""One topic in one dialect, told to some sockets of this process.

The feed of the topic is followed once, every line is put into words once, and all sockets are handed the same
text. A socket that joins is told the last state and is live; one that resumes, or fell behind, goes through the
log with a voice of its own until it has caught up.
"""

import asyncio
import copy
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import Error as DatabaseError

from realtime import log, relay, topics
from realtime.dialects import Voice, heard
from realtime.feeds import PAGE, RETRY_SECONDS, Feed
from realtime.framing import Framed
from realtime.lines import COALESCED, Line
from realtime.outbox import PAGE_BYTES, Outbox
from realtime.readers import ask
from realtime.topics import compact, parsed

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What one line is in the dialect; `key` is set when a newer one of the same key outdates it."""

    seq: int
    texts: tuple[Framed, ...]
    key: tuple[str, str] | None = None


class Place:
    """A voice, and the last line it has heard; it says nothing of lines up to `after`.

    One that remembers is made at the start of the log, and first hears what it needs to know of these lines.
    """

    def __init__(self, topic: UUID, voice: Voice, seq: int, *, after: int = 0) -> None:
        self.topic = topic
        self.voice = voice
        self.seq = seq
        self.after = after
        self._silent: list[int] | None = None

    def hear(self, lines: Sequence[Line]) -> list[Spoken]:
        """Puts lines that follow on into words; those without any are left out."""
        said = [self._say(line) for line in lines if line.seq > self.seq]
        return [spoken for spoken in said if spoken.texts]

    def read(self) -> list[Spoken]:
        """Hears the next page of the log; `seq` stays where it is when there is none."""
        if self.seq < self.after:
            self._listen()
            return []
        return self.hear(log.read(self.topic, after=self.seq, limit=PAGE, limit_bytes=PAGE_BYTES))

    def _listen(self) -> None:
        if self._silent is None:
            self._silent = relay.telling(self.topic, until=self.after, ignoring=self.voice.ignores)
        page = self._silent[: relay.PAGE]
        lines = relay.lines_at(self.topic, page)
        # only now: a question that failed is asked again
        self._silent = self._silent[relay.PAGE :]
        for line in lines:
            # retention may have emptied it since it was listed
            if line.body:
                heard(self.voice, parsed(line))
        self.seq = page[-1] if self._silent else self.after

    def last(self) -> list[Framed]:
        """What somebody who joins here is told."""
        return [Framed(compact(frame)) for frame in self.voice.last()]

    def fork(self) -> "Place":
        """Another one at the same line, to go on by itself."""
        return Place(self.topic, copy.deepcopy(self.voice), self.seq)

    def _say(self, line: Line) -> Spoken:
        self.seq = line.seq
        frames = heard(self.voice, parsed(line)) if line.body else ()
        texts = tuple(Framed(compact(frame)) for frame in frames)
        key = (line.type, line.subject) if line.type in COALESCED else None
        return Spoken(line.seq, texts, key)


class DialectFeed:
    """Where the dialect of a topic is in this process, and who follows."""

    def __init__(self, lines: Feed, kind: str, dialect: str) -> None:
        self.lines = lines
        self.kind = kind
        self.dialect = dialect
        self.followers: set[DialectFollower] = set()
        self.watchers = 0
        self.starting: asyncio.Task[None] | None = None
        self.started = False
        self._place: Place | None = None
        self._last: list[Framed] | None = None
        self._kept: Place | None = None

    @property
    def place(self) -> Place:
        """Where it is, once it has started."""
        assert self._place is not None  # noqa: S101  # only sockets that waited for the start ask
        return self._place

    async def start(self) -> None:
        """Hears the topic up to where its feed is, and follows that from there."""
        self.lines.followers.add(self)
        place = await ask(self._begin)
        while place.seq < self.lines.cursor:
            before = place.seq
            await ask(place.read)
            if place.seq == before:
                place.seq = self.lines.cursor  # the topic was deleted
        # No await since that look: nothing can have been handed out in between.
        self._place, self.started = place, True

    def stop(self) -> None:
        self.lines.followers.discard(self)
        if self.starting is not None:
            self.starting.cancel()

    def offer(self, lines: Sequence[Line], framed: Sequence[Framed]) -> None:
        """Takes lines the topic's feed hands out; before the start they are read from the log."""
        if not self.started:
            return
        said = self.place.hear(lines)
        self._last = self._kept = None
        for follower in list(self.followers) if said else ():
            try:
                follower.offer(said)
            except Exception:  # one socket's trouble is its own
                logger.exception("a socket of topic %s did not take what was said", self.lines.topic)
                follower.stumble(said)

    def last(self) -> list[Framed]:
        """What somebody who joins now is told."""
        if self._last is None:
            self._last = self.place.last()
        return self._last

    def kept(self) -> Place:
        """The place as it is now, for all that fall behind here: to be forked, not to be moved."""
        if self._kept is None:
            self._kept = self.place.fork()
        return self._kept

    def resumed(self, after: int) -> Place:
        """A place of its own, from which what lies after a seq is said. Reads the database."""
        voice = self._voice()
        return Place(self.lines.topic, voice, 0 if voice.remembers else after, after=after)

    def _begin(self) -> Place:
        cursor = self.lines.cursor
        voice = self._voice()
        if not voice.remembers and cursor > 1:
            newest = Place(self.lines.topic, voice, cursor - 1)
            newest.read()
            if voice.last():
                return newest
            voice = self._voice()  # the last line was emptied, or is no word of the dialect
        return Place(self.lines.topic, voice, 0, after=cursor)

    def _voice(self) -> Voice:
        voice = topics.voice(self.kind, self.dialect, self.lines.topic)
        if voice is None:
            raise LookupError(f"Topics of kind {self.kind} do not speak {self.dialect}.")
        return voice


class DialectFollower:
    """One socket's place in a dialect: every frame after `cursor`, once, in order."""

    __slots__ = ("_asked", "_task", "cursor", "feed", "live", "outbox")

    def __init__(self, feed: DialectFeed, outbox: Outbox) -> None:
        self.feed = feed
        self.outbox = outbox
        self.cursor = 0
        self.live = False
        self._asked = False
        self._task: asyncio.Task[None] | None = None

    def join(self) -> None:
        """Is told the last state, and is live: no log is read."""
        self.feed.followers.add(self)
        self._go_live(self.feed.place.seq)
        self.tell_last()

    def resume(self, after: int) -> None:
        """Is told everything after a seq, then what is new."""
        self.feed.followers.add(self)
        if after >= self.feed.place.seq:
            self._go_live(self.feed.place.seq)
        else:
            self._task = asyncio.get_running_loop().create_task(self._resume(after))

    def leave(self) -> None:
        self.feed.followers.discard(self)
        if self._task is not None:
            self._task.cancel()

    def tell_last(self) -> None:
        """Says where things stand; while catching up, as soon as that is done."""
        if not self.live:
            self._asked = True
        elif not self.outbox.full:
            for text in self.feed.last():
                self.outbox.push(text)

    def offer(self, said: Sequence[Spoken]) -> None:
        """Takes what the feed hands out; while going through the log by itself it needs none."""
        if not self.live:
            return
        for number, spoken in enumerate(said):
            if spoken.seq <= self.cursor:
                continue
            if self.outbox.full:
                self._fall_behind(said[number:])
                return
            self._send(spoken)

    def stumble(self, said: Sequence[Spoken]) -> None:
        """Goes through what it did not take, and the log after it, by itself."""
        if self.live:
            self._fall_behind([spoken for spoken in said if spoken.seq > self.cursor])

    def _fall_behind(self, rest: Sequence[Spoken]) -> None:
        # The rest is at hand and the feed's voice is just past it: the log is read from there, not from its start.
        self.live = False
        self._task = asyncio.get_running_loop().create_task(self._follow_on(self.feed.kept(), rest))

    async def _follow_on(self, kept: Place, rest: Sequence[Spoken]) -> None:
        await self._catch_up(await ask(kept.fork), rest, thin=True)

    async def _resume(self, after: int) -> None:
        place = await self._patiently(after)
        if place is not None:
            self.cursor = after
            await self._catch_up(place, (), thin=False)

    async def _catch_up(self, place: Place, said: Sequence[Spoken], *, thin: bool) -> None:
        """Sends what is at hand, then pages of the log, until nothing is between us and the feed."""
        while not self.outbox.closed:
            with self.outbox.holding(sum(text.size_bytes for one in said for text in one.texts)):
                await self._push(newest(said) if thin else said)
            # No await between this look and going live: nothing can be handed out in between.
            if place.seq >= self.feed.place.seq:
                self._go_live(place.seq)
                return
            await self.outbox.room()
            before = place.seq
            said = await self._page(place)
            if place.seq == before:
                place.seq = self.feed.place.seq  # the topic was deleted; the rights check ends its sockets

    async def _push(self, said: Sequence[Spoken]) -> None:
        for spoken in said:
            await self.outbox.room()
            self._send(spoken)

    async def _page(self, place: Place) -> list[Spoken]:
        while True:
            try:
                return await ask(place.read)
            except DatabaseError as error:
                logger.warning("topic %s cannot be read, trying again: %s", place.topic, error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _patiently(self, after: int) -> Place | None:
        while not self.outbox.closed:
            try:
                return await ask(self.feed.resumed, after)
            except DatabaseError as error:
                logger.warning("topic %s cannot be read, trying again: %s", self.feed.lines.topic, error)
                await asyncio.sleep(RETRY_SECONDS)
        return None

    def _go_live(self, seq: int) -> None:
        self.cursor = seq
        self.live = True
        if self._asked:
            self._asked = False
            self.tell_last()

    def _send(self, spoken: Spoken) -> None:
        for text in spoken.texts:
            self.outbox.push(text)
        self.cursor = spoken.seq


def newest(said: Sequence[Spoken]) -> list[Spoken]:
    """Without what newer progress of the same detector outdates; everything else stays."""
    last = {spoken.key: spoken.seq for spoken in said if spoken.key}
    return [spoken for spoken in said if spoken.key is None or last[spoken.key] == spoken.seq]
