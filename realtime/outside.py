"""What programs outside hear of a topic through Redis: public channels, last states, and the stream.

Every line reaches them at least once and in order, whoever wrote it: a script in Redis keeps, per topic,
how far it was told, passes over what it had before, and refuses what would leave a gap. Channels nobody
listens to are not spoken to; the stream and the kept states get everything.
"""

import json
from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from redis.asyncio import Redis

from realtime import dialects, relay, topics
from realtime.dialects import Channel, Event, Frame, Voice
from realtime.lines import Announcement, Line
from realtime.readers import ask
from realtime.topics import compact

TOPICS_REMEMBERED = 256
KEPT_SECONDS = 3600
FENCE_SECONDS = 24 * 3600
UNKNOWN = -1

# The stream may take this much memory, about: where events are large it keeps fewer of them.
STREAM_BYTES = 256 * 2**20

# KEYS: fence, stream, the mean size of its entries. ARGV: after, floor, fence seconds, kept seconds, stream length,
# stream bytes, then per line its seq and the four fields of its entry, the number of frames, and channel, text,
# key per frame.
_TELL = """
local told = tonumber(redis.call('GET', KEYS[1]) or ARGV[2])
if told < 0 or tonumber(ARGV[1]) > told then return told end
local at, last, mean = 7, told, tonumber(redis.call('GET', KEYS[3]) or 1000)
while at <= #ARGV do
  local seq, frames = tonumber(ARGV[at]), tonumber(ARGV[at + 5])
  if seq > told then
    mean = mean + (#ARGV[at + 4] + 200 - mean) / 500
    local most = math.max(1, math.floor(math.min(ARGV[5], ARGV[6] / mean)))
    redis.call('XADD', KEYS[2], 'MAXLEN', '~', most, '*', 'topic', ARGV[at + 1], 'seq', ARGV[at],
               'type', ARGV[at + 2], 'subject', ARGV[at + 3], 'event', ARGV[at + 4])
    for frame = at + 6, at + 3 + 3 * frames, 3 do
      if ARGV[frame] ~= '' then redis.call('PUBLISH', ARGV[frame], ARGV[frame + 1]) end
      if ARGV[frame + 2] ~= '' then redis.call('SET', ARGV[frame + 2], ARGV[frame + 1], 'EX', ARGV[4]) end
    end
    last = seq
  end
  at = at + 6 + 3 * frames
end
redis.call('SET', KEYS[1], last, 'EX', ARGV[3])
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
class _Place:
    """How far the voices of a topic have heard."""

    seq: int
    channels: Sequence[Channel]


class Outside:
    """Tells programs outside what this process wrote; used by one task at a time."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._tell = redis.register_script(_TELL)
        self._places: OrderedDict[UUID, _Place] = OrderedDict()

    async def tell(self, parts: Sequence[Announcement], *, floor: int = UNKNOWN) -> list[int]:
        """Tells the lines, in order, in two round trips; per part the seq up to which its topic is told since.

        It is less than the part's last where lines before `part.after` are missing outside, and UNKNOWN when
        Redis knows nothing of the topic: then `floor` must say how far it was told. Raises RedisError, OSError.
        """
        if any(not self._knows(part) for part in parts):
            await ask(self._prepare, parts)
        listened = await self._listened(parts)
        said = await ask(lambda: [self._say(part, listened) for part in parts])
        pipe = self._redis.pipeline(transaction=False)
        for part, told in zip(parts, said, strict=True):
            from_start = 0 if part.after == 0 else floor
            keys = [_name(f"told.{part.topic.hex}"), stream(), _name("stream.mean")]
            await self._tell(keys=keys, args=_arguments(part, told, from_start), client=pipe)
        return [int(told) for told in await pipe.execute()]

    async def publish(self, channel: str, text: str) -> None:
        """Says something that stands in no log."""
        await self._redis.publish(channel, text)

    async def forgotten(self, topics_: Sequence[UUID]) -> list[UUID]:
        """Of these topics those Redis knows nothing of. Raises RedisError, OSError."""
        pipe = self._redis.pipeline(transaction=False)
        for topic in topics_:
            pipe.exists(_name(f"told.{topic.hex}"))
        return [topic for topic, known in zip(topics_, await pipe.execute(), strict=True) if not known]

    async def ping(self) -> None:
        """Returns when Redis answers. Raises RedisError, OSError."""
        await self._redis.ping()

    async def _listened(self, parts: Sequence[Announcement]) -> frozenset[str] | None:
        """Of the channels of the topics those somebody listens to; None when somebody listens by pattern."""
        names = {channel.name for part in parts for channel in self._places[part.topic].channels}
        names |= {user_channel(part.owner) for part in parts}
        pipe = self._redis.pipeline(transaction=False)
        pipe.pubsub_numpat()
        pipe.pubsub_numsub(*names)
        patterns, counts = await pipe.execute()
        return None if patterns else frozenset(_text(name) for name, count in counts if count)

    def _knows(self, part: Announcement) -> bool:
        return part.topic in self._places

    def _prepare(self, parts: Sequence[Announcement]) -> None:
        for part in parts:
            if not self._knows(part):
                self._place(part)

    def _say(self, part: Announcement, listened: frozenset[str] | None) -> list[list[Said]]:
        """The frames of every line, in order. Reads the database."""
        place = self._place(part)
        told: dict[int, list[Said]] = {line.seq: [] for line in part.lines}
        events = _Events(part.lines)
        for channel in place.channels:
            for seq, said in _spoken(channel, events, wanted=_heard(channel.name, listened)):
                told[seq].append(said)
        name = user_channel(part.owner)
        if _heard(name, listened):
            for frame in topics.frames(part.kind, part.topic, part.lines):
                told[frame.seq].append(Said(name, frame.text))
        place.seq = part.last
        return list(told.values())

    def _place(self, part: Announcement) -> _Place:
        """The voices of a topic, having heard everything before the part."""
        place = self._places.pop(part.topic, None)
        if place is None or place.seq != part.after:
            place = _Place(part.after, topics.channels(part.kind, part.topic))
            remembering = [channel.voice for channel in place.channels if channel.voice.remembers]
            if remembering:
                for event in _events(part.topic, until=part.after):
                    for voice in remembering:
                        dialects.heard(voice, event)
        self._places[part.topic] = place
        return place

    def forget(self) -> None:
        """Keeps the voices of the topics spoken of lately; called between rounds."""
        while len(self._places) > TOPICS_REMEMBERED:
            self._places.popitem(last=False)


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


def _events(topic: UUID, *, until: int) -> Iterator[Event]:
    after = 0
    while after < until and (page := relay.read(topic, after=after)):
        for line in page.lines:
            if line.seq <= until:
                yield json.loads(line.body)
        after = page.last


def _arguments(part: Announcement, told: Sequence[Sequence[Said]], floor: int) -> list[str | int]:
    arguments: list[str | int] = [
        part.after,
        floor,
        FENCE_SECONDS,
        KEPT_SECONDS,
        settings.REDIS_STREAM_LENGTH,
        STREAM_BYTES,
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
