"""What programs outside hear of a topic through Redis: public channels, last states, and the stream.

Every line reaches them at least once and in order, whoever wrote it: a script in Redis keeps, per topic,
how far it was told, passes over what it had before, and refuses what would leave a gap. Channels nobody
listens to are not spoken to; the stream and the kept states get everything.
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from redis.asyncio import Redis

from realtime import dialects, relay, topics
from realtime.dialects import Channel, Event, Frame, Voice
from realtime.lines import Announcement, Line
from realtime.readers import Readers
from realtime.topics import compact

TOPICS_REMEMBERED = 256
KEPT_SECONDS = 3600
FENCE_SECONDS = 24 * 3600
UNKNOWN = -1
CALL_SECONDS = 5.0

# The stream may take this much memory, about: where events are large it keeps fewer of them.
STREAM_BYTES = 256 * 2**20

# The fence of a topic holds "told:began": the last line told, and the first one told since Redis has memory.
# KEYS: fence, stream, the mean size of its entries. ARGV: after, floor, fence seconds, kept seconds, stream length,
# stream bytes, whether to tell again, then per line its seq and the four fields of its entry, the number of frames,
# and channel, text, key per frame.
_TELL = """
local told, began = string.match(redis.call('GET', KEYS[1]) or '', '^(%d+):(%d+)$')
if not told then
  told = tonumber(ARGV[2])
  began = told + 1
end
told, began = tonumber(told), tonumber(began)
if told < 0 or tonumber(ARGV[1]) > told then return told end
local after = told
if ARGV[7] == '1' then
  after = tonumber(ARGV[1])
  began = math.min(began, after + 1)
end
local at, last, mean = 8, told, tonumber(redis.call('GET', KEYS[3]) or 1000)
while at <= #ARGV do
  local seq, frames = tonumber(ARGV[at]), tonumber(ARGV[at + 5])
  if seq > after then
    mean = mean + (#ARGV[at + 4] + 200 - mean) / 500
    local most = math.max(1, math.floor(math.min(ARGV[5], ARGV[6] / mean)))
    redis.call('XADD', KEYS[2], 'MAXLEN', '~', most, '*', 'topic', ARGV[at + 1], 'seq', ARGV[at],
               'type', ARGV[at + 2], 'subject', ARGV[at + 3], 'event', ARGV[at + 4])
    for frame = at + 6, at + 3 + 3 * frames, 3 do
      if ARGV[frame] ~= '' then redis.call('PUBLISH', ARGV[frame], ARGV[frame + 1]) end
      if ARGV[frame + 2] ~= '' then redis.call('SET', ARGV[frame + 2], ARGV[frame + 1], 'EX', ARGV[4]) end
    end
    last = math.max(last, seq)
  end
  at = at + 6 + 3 * frames
end
redis.call('SET', KEYS[1], string.format('%d:%d', last, began), 'EX', ARGV[3])
redis.call('SET', KEYS[3], mean)
return last
"""


@dataclass(frozen=True)
class Said:
    """A frame on its way: where it is published (nowhere when empty), and where it is kept."""

    channel: str
    text: str
    kept: str = ""


@dataclass
class _Ear:
    """A channel of a topic, and the line up to which its voice has heard."""

    channel: Channel
    seq: int


class Outside:
    """Tells programs outside what this process wrote; used by one task at a time.

    Voices hear in a thread of their own: catching up with a long topic must not hold up the threads that
    sockets read with.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._tell = redis.register_script(_TELL)
        self._places: OrderedDict[UUID, list[_Ear]] = OrderedDict()
        self._readers = Readers(1)

    async def tell(
        self, parts: Sequence[Announcement], *, floor: int = UNKNOWN, again: bool = False
    ) -> list[int]:
        """Tells the lines, in order, in two round trips; per part the seq up to which its topic is told since.

        It is less than the part's last where lines before `part.after` are missing outside, and UNKNOWN when
        Redis knows nothing of the topic: then `floor` must say how far it was told. again: also what it was
        told before. Raises RedisError, OSError, TimeoutError.
        """
        await self._ask(self._prepare, parts)
        listened = await self._listened(parts)
        said = await self._ask(self._say_all, parts, listened)
        pipe = self._redis.pipeline(transaction=False)
        for part, told in zip(parts, said, strict=True):
            from_start = 0 if part.after == 0 else floor
            keys = [_name(f"told.{part.topic.hex}"), stream(), _name("stream.mean")]
            await self._tell(keys=keys, args=_arguments(part, told, from_start, again=again), client=pipe)
        async with asyncio.timeout(CALL_SECONDS):
            return [int(told) for told in await pipe.execute()]

    async def publish(self, channel: str, text: str) -> None:
        """Says something that stands in no log. Raises RedisError, OSError, TimeoutError."""
        async with asyncio.timeout(CALL_SECONDS):
            await self._redis.publish(channel, text)

    async def forgotten(self, firsts: Mapping[UUID, int]) -> list[UUID]:
        """Of topics that were told from these seqs on, those Redis has not kept all of in mind."""
        names = [_name(f"told.{topic.hex}") for topic in firsts]
        async with asyncio.timeout(CALL_SECONDS):
            fences = await self._redis.mget(names)
        return [
            topic
            for (topic, first), fence in zip(firsts.items(), fences, strict=True)
            if fence is None or int(_text(fence).partition(":")[2]) > first
        ]

    async def ping(self) -> None:
        """Returns when Redis answers. Raises RedisError, OSError, TimeoutError."""
        async with asyncio.timeout(CALL_SECONDS):
            await self._redis.ping()

    def forget(self) -> None:
        """Keeps the voices of the topics spoken of lately; called between rounds."""
        while len(self._places) > TOPICS_REMEMBERED:
            self._places.popitem(last=False)

    def close(self) -> None:
        """Ends the thread; the next question starts another."""
        self._readers.close()

    async def _ask(self, function: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.wrap_future(self._readers.submit(lambda: function(*args)))

    async def _listened(self, parts: Sequence[Announcement]) -> frozenset[str] | None:
        """Of the channels of the topics those somebody listens to; None when somebody listens by pattern."""
        names = {ear.channel.name for part in parts for ear in self._places[part.topic]}
        names |= {user_channel(part.owner) for part in parts}
        pipe = self._redis.pipeline(transaction=False)
        pipe.pubsub_numpat()
        pipe.pubsub_numsub(*names)
        async with asyncio.timeout(CALL_SECONDS):
            patterns, counts = await pipe.execute()
        return None if patterns else frozenset(_text(name) for name, count in counts if count)

    def _prepare(self, parts: Sequence[Announcement]) -> None:
        for part in parts:
            if part.topic in self._places:
                self._places.move_to_end(part.topic)
            else:
                self._places[part.topic] = _ears(part)

    def _say_all(
        self, parts: Sequence[Announcement], listened: frozenset[str] | None
    ) -> list[list[list[Said]]]:
        return [self._say(part, listened) for part in parts]

    def _say(self, part: Announcement, listened: frozenset[str] | None) -> list[list[Said]]:
        """The frames of every line, in order. Reads the database."""
        told: dict[int, list[Said]] = {line.seq: [] for line in part.lines}
        events = _Events(part.lines)
        for number, ear in enumerate(self._places[part.topic]):
            wanted = _heard(ear.channel.name, listened)
            if wanted or ear.channel.kept:
                self._catch_up(part, number)
                for seq, said in _spoken(self._places[part.topic][number].channel, events, wanted=wanted):
                    told[seq].append(said)
                self._places[part.topic][number].seq = part.last
        name = user_channel(part.owner)
        if _heard(name, listened):
            for frame in topics.frames(part.kind, part.topic, part.lines):
                told[frame.seq].append(Said(name, frame.text))
        return list(told.values())

    def _catch_up(self, part: Announcement, number: int) -> None:
        """Lets a voice that remembers hear everything before the part; from the start if it missed any of it."""
        ears = self._places[part.topic]
        if ears[number].seq == part.after or not ears[number].channel.voice.remembers:
            return
        fresh = _ears(part)[number]
        voice = fresh.channel.voice
        for line in relay.history(part.topic, until=part.after, ignoring=voice.ignores):
            dialects.heard(voice, json.loads(line.body))
        ears[number] = fresh


def _ears(part: Announcement) -> list[_Ear]:
    return [_Ear(channel, 0) for channel in topics.channels(part.kind, part.topic)]


def user_channel(user: UUID) -> str:
    """Where everything of a user's topics is said, as on `/ws/user/`."""
    return _name(f"user:{user}", ours=False)


def system_channel() -> str:
    """Where workers that come and go, and changes of health, are said."""
    return _name("system:updates", ours=False)


def stream() -> str:
    """The capped stream of every event."""
    return _name(settings.REDIS_STREAM, ours=False)


def job_channel(job_id: str, voice: Voice) -> Channel:
    """Where a job is told in the jobs dialect, and where its last state is kept."""
    return Channel(public(f"job_progress:{job_id}"), voice, public(f"job_status:{job_id}"))


def public(name: str) -> str:
    """The name of a channel or key of ours as programs outside see it."""
    return _name(name, ours=False)


def _name(name: str, *, ours: bool = True) -> str:
    return f"{settings.REDIS_PREFIX}{'assay.' if ours else ''}{name}"


class _Events:
    """The events of lines, each read when it is first asked for."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self._lines = lines
        self._read: dict[int, Event] = {}

    def forward(self) -> Iterator[Event]:
        return map(self._event, self._lines)

    def backward(self) -> Iterator[Event]:
        return map(self._event, reversed(self._lines))

    def _event(self, line: Line) -> Event:
        if line.seq not in self._read:
            self._read[line.seq] = json.loads(line.body)
        return self._read[line.seq]


def _spoken(channel: Channel, events: _Events, *, wanted: bool) -> list[tuple[int, Said]]:
    """What is said of lines on a channel, by seq. Where nobody listens only the last frame counts, if it is kept."""
    frames = _frames(channel, events, wanted=wanted)
    last = len(frames) - 1
    return [
        (seq, Said(channel.name if wanted else "", compact(frame), channel.kept if at == last else ""))
        for at, (seq, frame) in enumerate(frames)
        if wanted or (channel.kept and at == last)
    ]


def _frames(channel: Channel, events: _Events, *, wanted: bool) -> list[tuple[int, Frame]]:
    voice = channel.voice
    if wanted or voice.remembers:
        return [(event["seq"], frame) for event in events.forward() for frame in dialects.heard(voice, event)]
    for event in events.backward() if channel.kept else ():
        if frames := dialects.heard(voice, event):
            return [(event["seq"], frames[-1])]
    return []


def _heard(name: str, listened: Collection[str] | None) -> bool:
    return listened is None or name in listened


def _arguments(
    part: Announcement, told: Sequence[Sequence[Said]], floor: int, *, again: bool
) -> list[str | int]:
    arguments: list[str | int] = [
        part.after,
        floor,
        FENCE_SECONDS,
        KEPT_SECONDS,
        settings.REDIS_STREAM_LENGTH,
        STREAM_BYTES,
        int(again),
    ]
    for line, frames in zip(part.lines, told, strict=True):
        arguments += _entry(line)
        arguments.append(len(frames))
        for said in frames:
            arguments += (said.channel, said.text, said.kept)
    return arguments


def _entry(line: Line) -> tuple[int, str, str, str, str]:
    return line.seq, str(line.topic), line.type, line.subject, line.body


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else name
