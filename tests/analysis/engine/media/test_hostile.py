"""Hostile and broken files end in a typed error or a bounded result; whoever reads them stays alive."""

import time
from pathlib import Path

import pytest
from PIL import Image

from analysis.engine.errors import EngineError, LimitExceeded, UndecodableMedia
from analysis.engine.media.limits import Limits
from analysis.engine.media.probe_child import probe_file
from tests import clips
from tests.analysis.engine.media.conftest import children, shared_memory

CORRUPT = {  # file: what may happen
    "broken.png": {UndecodableMedia},
    "broken_data_stream.png": {None, UndecodableMedia},
    "c2pa_invalid.wav": {None},
    "decompression_bomb.gif": {LimitExceeded},
    "derived_bitflips.mp4": {None},
    "derived_empty.mp4": {UndecodableMedia},
    "derived_jpg_named.mp4": {None},
    "derived_text.mp4": {UndecodableMedia},
    "derived_truncated_noend.mp4": {UndecodableMedia},
    "exif_corrupted.jpg": {None},
    "heif_invalid_id.heic": {None, UndecodableMedia},
    "hopper_bad_exif.jpg": {None},
    "invalid-exif.jpg": {None},
    "nested_moov_1000.mp4": {UndecodableMedia},
    "small_Mpeg4.mp4": {UndecodableMedia},
    "small_jpeg.jpg": {None, UndecodableMedia},
    "small_mp3.mp3": {UndecodableMedia},
    "small_mp4-with-audio.mp4": {None, UndecodableMedia},
    "small_png-truncated.png": {None, UndecodableMedia},
    "small_wav.wav": {UndecodableMedia},
    "small_webm.webm": {None, UndecodableMedia},
    "truncated_image.png": {None},
    "truncated_jpeg.jpg": {None},
}


def outcome(act) -> type[EngineError] | None:
    """The kind of error that came, None when there was none."""
    try:
        act()
    except EngineError as error:
        assert str(error).strip()
        return type(error)
    return None


def test_every_corrupt_file_is_in_the_list(media_dir):
    assert sorted(CORRUPT) == sorted(path.name for path in (media_dir / "corrupt").iterdir())


@pytest.mark.parametrize(("name", "allowed"), CORRUPT.items(), ids=CORRUPT.keys())
def test_a_corrupt_file_ends_within_seconds_and_leaves_nothing(read, media_dir, name, allowed):
    path, before, started = media_dir / "corrupt" / name, shared_memory(), time.monotonic()

    read_as = outcome(lambda: read(path, fps=5))
    probed_as = outcome(lambda: probe_file(path, limits=Limits()))

    assert read_as in allowed
    assert probed_as in {None, read_as}
    assert time.monotonic() - started < 20
    assert children() == []
    assert shared_memory() == before


def test_what_is_left_of_a_damaged_video_is_read_and_the_damage_counted(read, media_dir):
    found = read(media_dir / "corrupt" / "derived_bitflips.mp4")

    assert len(found.frames) == 250
    assert found.summary.decode_errors > 10
    assert found.summary.troubles[0].message


def test_what_is_left_of_a_truncated_picture_is_read_and_counted(read, media_dir):
    found = read(media_dir / "corrupt" / "truncated_jpeg.jpg")

    assert found.frames[0].rgb.shape == (100, 100, 3)
    assert found.summary.decode_errors == 1


@pytest.mark.parametrize("width", [40_000, 2**31 - 1])
def test_a_header_of_a_billion_pixels_is_refused_before_anything_is_decoded(read, tmp_path, width):
    path = clips.write_image(tmp_path / "huge.png")
    clips.claim_size(path, width, 25_000)
    started = time.monotonic()

    assert outcome(lambda: probe_file(path, limits=Limits())) is LimitExceeded
    assert outcome(lambda: read(path)) is LimitExceeded
    assert time.monotonic() - started < 10


def test_a_picture_within_the_limit_is_read_and_one_pixel_more_is_not(read, tmp_path):
    path = clips.write_image(tmp_path / "picture.png", width=100, height=100)

    assert outcome(lambda: read(path, limits=Limits(max_pixels=10_000))) is None
    assert outcome(lambda: read(path, limits=Limits(max_pixels=9_999))) is LimitExceeded


def test_a_video_larger_than_the_limit_is_refused_from_its_header(tmp_path):
    path = clips.write_video(tmp_path / "clip.mp4", seconds=0.2)

    assert outcome(lambda: probe_file(path, limits=Limits(max_pixels=320 * 240))) is None
    assert outcome(lambda: probe_file(path, limits=Limits(max_pixels=320 * 240 - 1))) is LimitExceeded


def test_a_claimed_duration_of_100_000_seconds_is_refused(read, tmp_path):
    path = clips.write_video(tmp_path / "clip.mkv", seconds=1)
    assert outcome(lambda: read(path)) is None

    clips.claim_duration(path, 100_000)

    assert outcome(lambda: probe_file(path, limits=Limits())) is LimitExceeded
    assert outcome(lambda: read(path)) is LimitExceeded


def test_an_mp4_that_claims_100_000_seconds_in_its_headers_alone_is_as_long_as_it_is(read, tmp_path):
    path = clips.write_video(tmp_path / "clip.mp4", seconds=1)
    clips.claim_duration(path, 100_000)

    found = read(path)

    assert len(found.frames) == 25
    assert found.times[-1] == 0.96


def test_timestamps_that_run_past_the_limit_end_the_reading(read, tmp_path):
    path = clips.write_video(tmp_path / "far.mkv", times=[0, 1, 2, 90_000])
    clips.claim_duration(path, 3)

    assert outcome(lambda: read(path)) is LimitExceeded


def test_a_hole_of_a_day_in_the_sound_is_not_filled_with_silence(read, tmp_path):
    path = clips.write_video(
        tmp_path / "far.mkv", seconds=1, tone_hz=440, sound_hole=(1, 79_999), times=[0, 80_000]
    )
    clips.claim_duration(path, 3)

    assert outcome(lambda: read(path)) is LimitExceeded


def test_more_streams_than_allowed_are_refused(media_dir):
    path = media_dir / "video" / "fmt_nasa_multi_stream.mp4"

    assert outcome(lambda: probe_file(path, limits=Limits(max_streams=8))) is None
    assert outcome(lambda: probe_file(path, limits=Limits(max_streams=3))) is LimitExceeded


def test_a_truncated_video_gives_what_came_before_the_cut(read, tmp_path):
    path = clips.write_video(tmp_path / "clip.mp4", seconds=4)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    found = read(path)

    assert 10 < len(found.frames) < 100
    assert [round(clips.find_square(frame.rgb)[0]) for frame in found.frames[:5]] == [0, 4, 8, 12, 16]


@pytest.mark.parametrize("length", [1, 8, 100, 1_000])
def test_the_first_bytes_of_a_video_alone_are_refused(read, tmp_path, length):
    path = clips.write_video(tmp_path / "clip.mp4", seconds=4)
    path.write_bytes(path.read_bytes()[:length])

    assert outcome(lambda: read(path)) is UndecodableMedia


def test_a_picture_that_needs_more_memory_than_allowed_is_refused(read, tmp_path):
    path = tmp_path / "large.png"
    Image.new("1", (9_900, 9_900)).save(path)  # 12 MB as it lies there, 294 MB as RGB

    assert outcome(lambda: read(path, limits=Limits(memory_bytes=400 << 20))) is LimitExceeded


def test_a_file_may_have_any_name(read, tmp_path):
    for name in ("a" * 250 + ".mp4", "-i.mp4", "http:x.mp4", "con\ncat.mp4", "üñí %d.mp4"):
        path = clips.write_video(tmp_path / "clip.mp4", seconds=0.2).rename(tmp_path / name)

        assert len(read(path).frames) == 5


def test_a_playlist_inside_a_container_name_opens_no_other_file(read, tmp_path):
    secret = clips.write_video(tmp_path / "secret.mp4", seconds=0.2)
    playlist = tmp_path / "list.mp4"
    playlist.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{secret}\n")

    assert outcome(lambda: read(playlist)) is UndecodableMedia


def test_a_failed_reading_gives_back_its_descriptors(read, tmp_path):
    path = tmp_path / "text.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"nothing that follows the signature")
    outcome(lambda: read(path))
    before = len(list(Path("/proc/self/fd").iterdir()))

    for _ in range(5):
        outcome(lambda: read(path))

    assert len(list(Path("/proc/self/fd").iterdir())) == before
