"""Cameras, editors, places and times are told from EXIF and XMP, and so is where they contradict each other."""

import random

import pytest
from PIL import Image

from analysis.engine.detectors import camera
from analysis.engine.media import embedded
from analysis.engine.types import MediaKind, Probe
from tests.analysis.engine.detectors.test_generator_tags import packet

MAKE, MODEL, SOFTWARE, CHANGED = 0x010F, 0x0110, 0x0131, 0x0132
TAKEN, DIGITISED, MAKER_NOTE, WIDTH, HEIGHT = 0x9003, 0x9004, 0x927C, 0xA002, 0xA003


@pytest.fixture
def photo(tmp_path):
    """Writes a JPEG with these tags and returns what is told of it, by kind."""

    def write(image=(), taken=(), gps=(), xmp=None):
        exif = Image.Exif()
        exif.update(dict(image))
        exif.get_ifd(0x8769).update(dict(taken))
        exif.get_ifd(0x8825).update(dict(gps))
        path = tmp_path / "picture.jpg"
        Image.new("RGB", (64, 48)).save(path, exif=exif, **({"xmp": xmp.encode()} if xmp else {}))
        found: dict[str, list[str]] = {}
        for one in camera.told(embedded.read(path, Probe(MediaKind.IMAGE, "jpeg"))):
            found.setdefault(one["kind"], []).append(one["sentence"])
        return found

    return write


def test_a_photo_as_a_camera_leaves_it_contradicts_nothing(photo):
    when = "2024:05:01 12:00:00"

    told = photo(
        {MAKE: "NIKON CORPORATION", MODEL: "NIKON D70", SOFTWARE: "Ver.1.02", CHANGED: when},
        {TAKEN: when, DIGITISED: when, MAKER_NOTE: b"Nikon\0\x02\x10\0\0MM", WIDTH: 64, HEIGHT: 48},
    )

    assert told == {
        "device": ["EXIF names the device NIKON CORPORATION NIKON D70"],
        "software": ["saved by Ver.1.02"],
    }


@pytest.mark.parametrize(
    ("program", "kind"),
    [
        ("Adobe Photoshop 25.0 (Windows)", "picture editor"),
        ("Adobe Photoshop Lightroom Classic 13", "raw developer"),
        ("Snapseed 2.0", "editor for phones and the web"),
        ("FaceApp", "editor of faces"),
        ("Topaz Photo AI 3", "enlarger or denoiser with a trained model"),
    ],
)
def test_editors_are_told_by_what_they_are_for(photo, program, kind):
    assert photo({SOFTWARE: program})["software"] == [f"saved by {program} ({kind})"]


def test_every_program_of_the_history_is_named_once(photo):
    agents = ["Adobe Photoshop 25.0", "Adobe Photoshop 25.0", "GIMP 2.10"]
    history = packet(*[f"<stEvt:softwareAgent>{agent}</stEvt:softwareAgent>" for agent in agents])

    assert photo(xmp=history)["software"] == [
        "saved by Adobe Photoshop 25.0 (picture editor)",
        "saved by GIMP 2.10 (picture editor)",
    ]


def test_a_maker_note_of_another_maker_is_noticed(photo):
    told = photo({MAKE: "Canon", MODEL: "EOS 5D"}, {MAKER_NOTE: b"Nikon\0\x02\x10\0\0MM"})

    assert "the maker note is of NIKON, but EXIF names the maker Canon" in told["device"]


@pytest.mark.parametrize(
    ("make", "note"),
    [
        ("LEICA", b"FUJIFILM\x0c\0\0\0"),
        ("Minolta Co., Ltd.", b"FUJIFILM\x0c\0\0\0"),
        ("SHARP", b"FUJIFILM\x0c\0\0\0"),
        ("RICOH IMAGING COMPANY, LTD.", b"PENTAX \0II"),
        ("Leica Camera AG", b"Panasonic\0\0\0"),
        ("Hasselblad", b"SONY DSC \0\0\0"),
    ],
)
def test_makers_that_write_the_maker_note_of_another_contradict_nothing(photo, make, note):
    assert photo({MAKE: make}, {MAKER_NOTE: note})["device"] == [f"EXIF names the device {make}"]


@pytest.mark.parametrize(
    ("changed", "begins"),
    [
        ("2024:04:01 12:00:00", "times contradict each other: last changed"),
        ("2024:06:01 12:00:00", "saved again later: taken"),
    ],
)
def test_times_are_held_against_each_other(photo, changed, begins):
    (sentence,) = photo({CHANGED: changed}, {TAKEN: "2024:05:01 12:00:00"})["times"]

    assert sentence.startswith(begins)


def test_clocks_of_different_zones_do_not_contradict_each_other(photo):
    told = photo(
        {CHANGED: "2024:04:30 15:00:00"},
        {TAKEN: "2024:05:01 12:00:00"},
        {0x1D: "2024:05:01", 0x07: (2.0, 0.0, 0.0)},
    )

    assert "times" not in told


def test_a_satellite_clock_of_another_year_is_noticed(photo):
    told = photo((), {TAKEN: "2024:05:01 12:00:00"}, {0x1D: "2019:05:01", 0x07: (2.0, 0.0, 0.0)})

    assert told["times"] == [
        "times contradict each other: taken 2024-05-01 12:00:00, but 2019-05-01 02:00:00 by exif GPSDateStamp"
    ]


def test_a_position_is_flagged_as_sensitive_and_an_empty_block_is_none(photo):
    position = {0x01: "N", 0x02: (52.0, 30.0, 0.0), 0x03: "E", 0x04: (13.0, 24.0, 0.0)}

    (sentence,) = photo(gps=position)["place"]

    assert "sensitive" in sentence
    assert "place" not in photo(gps={0x00: b"\2\3\0\0"})


def test_exif_of_another_size_is_noticed(photo):
    assert "size" in photo(taken={WIDTH: 4000, HEIGHT: 3000})
    assert "size" not in photo(taken={WIDTH: 48, HEIGHT: 64})  # turned


@pytest.mark.parametrize(
    "moment", ["0000:00:00 00:00:00", "2024:13:41 25:61:61", "soon", "    :  :     :  :  "]
)
def test_times_that_are_none_say_nothing(photo, moment):
    assert "times" not in photo({CHANGED: moment}, {TAKEN: "2024:05:01 12:00:00"})


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_exif_of_noise_raises_nothing(tmp_path):
    chance = random.Random(2)  # noqa: S311  the same noise every time
    path = tmp_path / "picture.jpg"

    for _ in range(60):
        head = chance.choice([b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"])
        noise = b"Exif\0\0" + head + chance.randbytes(chance.randrange(1, 400))
        Image.new("RGB", (32, 32)).save(path, exif=noise)
        facts = embedded.read(path, Probe(MediaKind.IMAGE, "jpeg"))
        assert all(one["sentence"] for one in camera.told(facts))
