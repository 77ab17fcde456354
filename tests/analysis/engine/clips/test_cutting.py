"""A stretch of a recording is copied as it was coded, from the key picture before it, and its length is bounded."""

import os
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from analysis.engine.clips import Clip, cut
from analysis.engine.errors import EngineError, LimitExceeded, UndecodableMedia
from analysis.engine.media.limits import Limits
from tests import clips

# a key picture each second
H264: dict[str, Any] = {"codec": "libx264", "options": {"preset": "fast", "g": "25", "sc_threshold": "0"}}
KINDS: dict[str, tuple[str, dict[str, Any], str]] = {
    "h264 in mp4": ("a.mp4", H264 | {"tone_hz": 440.0}, "mp4"),
    "h264 in a transport stream": ("a.ts", H264 | {"tone_hz": 440.0}, "mp4"),
    "hevc": (
        "a.mov",
        {"codec": "libx265", "options": {"preset": "fast", "x265-params": "log-level=none:keyint=25"}},
        "mp4",
    ),
    "mpeg4 with pcm": (
        "a.avi",
        {"codec": "mpeg4", "options": {"g": "25"}, "tone_hz": 440.0, "sound_codec": "pcm_s16le"},
        "matroska",
    ),
    "vp9 with opus": (
        "a.webm",
        {
            "codec": "libvpx-vp9",
            "options": {"g": "25", "deadline": "realtime", "cpu-used": "8"},
            "tone_hz": 440.0,
            "sound_codec": "libopus",
            "sound_rate_hz": 48_000,
        },
        "matroska",
    ),
}


def copied(path: Path, start: float, end: float, **asked: Any) -> tuple[Clip, Path]:
    into = path.with_name("copy")
    descriptor = os.open(into, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    bounds: dict[str, Any] = {"limits": Limits(), "most_bytes": 1 << 26, "within_seconds": 30.0} | asked
    try:
        return cut(path, descriptor, start_seconds=start, end_seconds=end, **bounds), into
    finally:
        os.close(descriptor)


def pictures(path: Path) -> list[tuple[float, Any]]:
    with av.open(str(path)) as file:
        frames: list[Any] = list(file.decode(video=0))
        first = frames[0].pts * frames[0].time_base
        return [(float(f.pts * f.time_base - first), f.to_ndarray(format="rgb24")) for f in frames]


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_shows_the_same_pictures_bit_by_bit(tmp_path: Path, kind: str) -> None:
    name, options, container = KINDS[kind]
    path = clips.write_video(tmp_path / name, seconds=8, **options)

    clip, copy = copied(path, 3.5, 6.0)

    whole, part = pictures(path), pictures(copy)
    assert (clip.container, clip.begins_seconds) == (container, pytest.approx(3.0, abs=0.001))
    # up to the asked end and, since pictures are coded out of order, a few more
    assert 6.0 <= clip.ends_seconds <= 6.5
    assert clip.pictures == len(part) >= 75
    for seconds, shown in part[:75]:
        original = min(whole, key=lambda one: abs(one[0] - seconds - 3.0))
        assert abs(original[0] - seconds - 3.0) < 0.002  # Matroska counts whole milliseconds
        assert np.array_equal(original[1], shown)


def test_sound_stays_beside_its_pictures(tmp_path: Path) -> None:
    path = clips.write_video(tmp_path / "a.mp4", seconds=8, **H264, tone_hz=440.0, sound_hole=(4.0, 5.0))

    _, copy = copied(path, 3.0, 6.0)

    with av.open(str(copy)) as file:
        packets: list[Any] = [packet for packet in file.demux(audio=0) if packet.size]
    times = [float(packet.pts * packet.time_base) for packet in packets]
    gaps = [(a, b) for a, b in pairwise(times) if b - a > 0.5]
    # one packet of AAC is 23 ms
    assert gaps == [(pytest.approx(1.0, abs=0.05), pytest.approx(2.0, abs=0.05))]
    assert -0.05 <= times[0] <= 0.05


def test_a_turned_recording_stays_turned(tmp_path: Path) -> None:
    path = clips.write_video(tmp_path / "a.mp4", seconds=3, **H264, rotation=90)

    _, copy = copied(path, 1.0, 2.0)

    with av.open(str(copy)) as file:
        assert next(file.decode(video=0)).rotation == -90


def test_the_same_stretch_is_the_same_file(tmp_path: Path) -> None:
    path = clips.write_video(
        tmp_path / "a.avi", seconds=4, codec="mpeg4", tone_hz=440.0, sound_codec="pcm_s16le"
    )

    first = copied(path, 1.0, 2.0)[1].read_bytes()
    second = copied(path, 1.0, 2.0)[1].read_bytes()

    assert first == second


def test_pictures_that_lean_on_what_is_not_copied_are_left_out(tmp_path: Path) -> None:
    # open groups: pictures shown before a key picture, predicted from the group before it, come after it in the file
    options = {"preset": "fast", "g": "25", "sc_threshold": "0", "bf": "3", "x264-params": "open-gop=1"}
    path = clips.write_video(tmp_path / "a.mkv", seconds=6, codec="libx264", options=options)

    clip, copy = copied(path, 3.3, 4.5)

    with av.open(str(copy)) as file:
        packets: list[Any] = [packet for packet in file.demux(video=0) if packet.size]
        assert packets[0].is_keyframe
        assert min(packet.pts for packet in packets) == packets[0].pts
    assert clip.begins_seconds <= 3.3
    assert not any(np.all(picture == picture[0, 0]) for _, picture in pictures(copy))


def test_a_stretch_before_the_first_picture_begins_with_it(tmp_path: Path) -> None:
    path = clips.write_video(tmp_path / "a.mp4", seconds=3, **H264)

    clip, _ = copied(path, 0.0, 0.5)

    assert clip.begins_seconds == 0.0


def test_a_stretch_after_the_end_is_none(tmp_path: Path) -> None:
    path = clips.write_video(tmp_path / "a.mp4", seconds=3, **H264)

    with pytest.raises(UndecodableMedia, match="no picture in that stretch"):
        copied(path, 5.0, 6.0)


def test_a_stretch_that_is_too_large_is_refused(tmp_path: Path) -> None:
    noise = [np.random.default_rng(n).integers(0, 255, (240, 320, 3), np.uint8) for n in range(25)]
    path = clips.write_video(tmp_path / "a.mp4", seconds=1, frames=noise, **H264)

    with pytest.raises(LimitExceeded, match="Ask for a shorter one"):
        copied(path, 0.0, 1.0, most_bytes=100_000)


def test_sound_and_pictures_alone_cannot_be_cut(tmp_path: Path) -> None:
    for path in (clips.write_sound(tmp_path / "a.wav"), clips.write_animation(tmp_path / "a.gif")):
        with pytest.raises(UndecodableMedia):
            copied(path, 0.0, 1.0)


@pytest.mark.parametrize("at", [0.1, 0.6, 0.9])
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts", "a.avi"])
def test_a_broken_file_ends_in_words_or_a_copy(tmp_path: Path, name: str, at: float) -> None:
    codec: dict[str, Any] = H264 if name != "a.avi" else {"codec": "mpeg4"}
    path = clips.write_video(tmp_path / name, seconds=3, **codec)
    content = bytearray(path.read_bytes())
    begins = int(len(content) * at)
    content[begins : begins + 2000] = os.urandom(2000)
    path.write_bytes(content)

    try:
        clip, copy = copied(path, 1.0, 2.0)
    except EngineError as error:
        assert str(error)
        assert str(tmp_path) not in str(error)
    else:
        assert clip.pictures > 0
        assert copy.stat().st_size > 0


def test_a_file_cut_off_in_the_middle_gives_what_it_has(tmp_path: Path) -> None:
    path = clips.write_video(tmp_path / "a.ts", seconds=4, **H264)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    clip, _ = copied(path, 1.0, 4.0)

    assert clip.begins_seconds == pytest.approx(1.0, abs=0.01)
    assert clip.ends_seconds < 3.0


def test_recordings_joined_end_to_end_are_copied_in_their_order(tmp_path: Path) -> None:
    first = clips.write_video(tmp_path / "a.ts", seconds=2, **H264)
    (tmp_path / "joined.ts").write_bytes(first.read_bytes() * 2)

    clip, copy = copied(tmp_path / "joined.ts", 1.0, 1.8)

    times = [seconds for seconds, _ in pictures(copy)]
    assert times == sorted(times)
    assert clip.pictures >= 20
