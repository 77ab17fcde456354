"""How a file of video or sound is put together is told, and who is named in it; nothing is guessed."""

import random
import struct

import av
import numpy as np
import pytest

from analysis.engine.detectors import metadata, recorders
from analysis.engine.media import boxes, embedded, structure
from analysis.engine.types import FileFacts, MediaKind, Probe, Source
from tests import clips

MP4 = Probe(MediaKind.VIDEO, "mp4")


def box(kind, *content):
    inner = b"".join(content)
    return (8 + len(inner)).to_bytes(4, "big") + kind + inner


def handler(name):
    return box(b"hdlr", bytes(8), b"vide", bytes(12), name, b"\0")


def movie(*inside, created=0, modified=0, timescale=1000):
    head = box(b"mvhd", struct.pack(">IIII", 0, created, modified, timescale), bytes(84))
    return box(b"moov", head, *inside)


FTYP = box(b"ftyp", b"qt  ", bytes(4), b"qt  ")
MDAT = box(b"mdat", bytes(64))


@pytest.fixture
def found(tmp_path):
    """The structure of these bytes, and what is told of it by kind."""

    def of(content):
        path = tmp_path / "clip.mp4"
        path.write_bytes(content)
        facts = structure.read(path, MP4)
        told: dict[str, list[str]] = {}
        for one in recorders.told(facts, {}):
            told.setdefault(one["kind"], []).append(one["sentence"])
        return facts, told

    return of


def test_boxes_are_told_in_their_order(found):
    facts, told = found(FTYP + MDAT + movie(box(b"trak", box(b"mdia", handler(b"Core Media Video")))))

    assert facts["order"] == ["ftyp", "mdat", "moov"]
    assert facts["tree"] == "ftyp(qt,qt);mdat;moov(mvhd;trak(mdia(hdlr[vide])))"
    assert told["recorder"] == ["its tracks name Apple (Core Media) (Core Media Video)"]
    assert "the index stands behind the media" in told["structure"][1]


def test_the_fingerprint_follows_the_parts_and_not_their_values(found):
    plain = found(FTYP + MDAT + movie(created=1, modified=1))[0]["fingerprint"]

    assert found(FTYP + MDAT + movie(created=9, modified=9))[0]["fingerprint"] == plain
    assert found(FTYP + movie() + MDAT)[0]["fingerprint"] != plain


def test_who_is_named_nowhere_is_unknown(found):
    assert found(FTYP + MDAT + movie())[1]["recorder"] == [
        "which recorder or program put the file together is unknown"
    ]


@pytest.mark.parametrize(
    ("inside", "name"),
    [
        (box(b"trak", box(b"mdia", handler(b"GoPro AVC"))), "GoPro"),
        (box(b"trak", box(b"mdia", handler(b"VideoHandle"))), "Android"),
        (box(b"trak", box(b"mdia", handler(b"\x0fVideoHandle1234"))), None),
        (box(b"udta", box(b"smta", bytes(8))), "Samsung"),
        (box(b"udta", box(b"NCDT", bytes(8))), "Nikon"),
    ],
)
def test_recorders_are_known_by_their_marks(found, inside, name):
    (sentence,) = found(FTYP + MDAT + movie(inside))[1]["recorder"]

    assert (f"its tracks name {name}" in sentence) if name else ("unknown" in sentence)


def test_an_edit_list_is_told_with_the_delay_it_makes(found):
    entries = struct.pack(">IIIiIIiI", 0, 2, 500, -1, 1 << 16, 2000, 40, 1 << 16)
    track = box(b"trak", box(b"edts", box(b"elst", entries)))

    facts, told = found(FTYP + MDAT + movie(track))

    assert facts["edit_lists"] == [{"track": 0, "entries": 2, "delay_seconds": 0.5, "starts_inside": True}]
    assert told["edit_list"][0].startswith("edit list of track 0: 2 entries")


def test_a_container_that_was_changed_later_says_so(found):
    day = 86_400
    begin = 3_600_000_000

    assert found(FTYP + MDAT + movie(created=begin, modified=begin + day))[1]["times"]
    assert "times" not in found(FTYP + MDAT + movie(created=begin, modified=begin))[1]


def test_a_clip_of_ffmpeg_names_it(tmp_path):
    path = clips.write_video(tmp_path / "clip.mp4", seconds=0.2)

    told = list(recorders.told(structure.read(path, MP4), embedded.read(path, MP4)))

    assert any(one["sentence"].startswith("written by FFmpeg (Lavf") for one in told)
    assert not [one for one in told if one["kind"] == "remux"]


def test_a_file_of_one_program_with_tracks_of_another_was_re_packed(tmp_path):
    path = clips.write_video(tmp_path / "clip.mp4", seconds=0.2)
    content = path.read_bytes().replace(b"VideoHandler\0", b"L-SMASH Vide\0")
    path.write_bytes(content)

    told = list(recorders.told(structure.read(path, MP4), embedded.read(path, MP4)))

    assert [one["sentence"] for one in told if one["kind"] == "remux"] == [
        "re-packed: its tracks still name L-SMASH, and FFmpeg wrote the file; it is not the first copy"
    ]


def test_matroska_names_who_wrote_it(tmp_path):
    path = clips.write_video(tmp_path / "clip.mkv", seconds=0.2)

    assert structure.read(path, MP4)["writers"]["MuxingApp"].startswith("Lavf")


def test_flac_names_who_wrote_it(tmp_path):
    path = tmp_path / "sound.flac"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.int16), "s16", "mono")
        frame.sample_rate = 16_000
        container.mux([*stream.encode(frame), *stream.encode(None)])

    facts = structure.read(path, MP4)

    assert facts["order"][0] == "STREAMINFO"
    assert facts["writers"]["FLAC vendor"].startswith("Lavf")


def test_chunks_of_a_recording_are_told_in_their_order(tmp_path):
    path = clips.write_samples(tmp_path / "sound.wav", np.zeros(1600, np.float32))

    order = structure.read(path, MP4)["order"]

    assert order[0] == "RIFF(WAVE)"
    assert [name for name in order if name in ("fmt", "data")] == ["fmt", "data"]


def test_what_is_found_is_a_fact_and_changes_no_verdict(tmp_path):
    path = clips.write_video(tmp_path / "clip.mp4", seconds=0.2)
    session = metadata.make("metadata", None, "cpu").open(Source(MP4, 0.0, 1))
    facts = {"embedded": embedded.read(path, MP4), "structure": structure.read(path, MP4)}
    list(session.feed(FileFacts(facts)))

    assessment = session.finish()

    assert assessment.reason.value == "reports_facts"
    assert {"recorder", "structure"} <= {one["kind"] for one in assessment.facts["findings"]}
    assert assessment.facts["structure"]["fingerprint"]


def test_nested_and_endless_boxes_are_cut(found):
    deep = b""
    for _ in range(1000):
        deep = box(b"moov", deep)
    many = box(b"free") * 20_000

    assert len(found(FTYP + deep)[0]["tree"]) < 200
    facts, told = found(FTYP + many)
    assert facts["tree"] == "ftyp(qt,qt);free*"
    assert "only the first" in told["structure"][-1]


def fragments(count):
    track = box(b"traf", box(b"tfhd"), box(b"tfdt"), box(b"trun"))
    return (box(b"moof", box(b"mfhd"), track, track) + MDAT) * count


def test_a_long_fragmented_file_is_not_called_broken(found):
    facts, told = found(FTYP + movie() + fragments(300))

    assert facts["broken"] == ""
    assert not [one for one in told["structure"] if "do not add up" in one]
    assert told["structure"][-1] == "it has more parts than are read here: only the first 3000 were"


def test_what_was_cut_has_no_fingerprint(found):
    facts, told = found(FTYP + movie() + fragments(300))

    assert facts["left_out"]
    assert facts["fingerprint"] is None
    assert told["structure"][0] == "parts in this order: ftyp, moov, moof, mdat"


def test_what_does_not_add_up_is_told_of_a_long_file_too(found):
    facts, told = found(FTYP + box(b"moov", (3).to_bytes(4, "big") + b"free") + fragments(300))

    assert "impossible length" in facts["broken"]
    assert "do not add up" in told["structure"][-2]


def test_a_file_of_exactly_as_many_parts_as_are_read_is_whole(found):
    facts, _ = found(FTYP + box(b"free") * (boxes.MAX_BOXES - 1))

    assert not facts["left_out"]
    assert facts["fingerprint"]


@pytest.mark.parametrize("length", [0, 2, 7, 1, 0xFFFFFFFF])
def test_impossible_lengths_are_told_or_read_to_the_end(found, length):
    facts, _ = found(FTYP + length.to_bytes(4, "big") + b"free" + bytes(40))

    assert facts["order"][0] == "ftyp"


def test_noise_in_every_box_raises_nothing(found):
    chance = random.Random(3)  # noqa: S311  the same noise every time
    kinds = [b"ftyp", b"hdlr", b"stsd", b"mvhd", b"elst", b"meta", b"uuid", b"trak"]

    for _ in range(200):
        inside = [box(chance.choice(kinds), chance.randbytes(chance.randrange(120))) for _ in range(6)]
        facts, told = found(FTYP + box(b"moov", *inside))
        assert facts["fingerprint"]
        assert all(told.values())
