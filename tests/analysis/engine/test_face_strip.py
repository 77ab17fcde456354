"""The strip of a run's faces: bounded, evenly spaced, the same every time."""

import io

import numpy as np
from PIL import Image

from analysis.engine.face_strip import FaceStrip
from analysis.engine.plots import Strip
from analysis.engine.types import EvidenceMade, FaceBatch, FaceCrop


def face(index: int, track: int = 0, *, shade: int = 100) -> FaceCrop:
    return FaceCrop(index, index / 5, track, (0.1, 0.1, 0.4, 0.5), 0.9, np.full((90, 90, 3), shade, np.uint8))


def shown(strip: FaceStrip) -> tuple[EvidenceMade, Strip]:
    made = strip.evidence()
    assert made and isinstance(made.plot, Strip)
    return made, made.plot


def fed(*faces: FaceCrop) -> FaceStrip:
    strip = FaceStrip()
    for one in faces:
        strip.add(FaceBatch(((one.index, one.pts_seconds),), (one,)))
    return strip


def test_a_long_track_shows_twelve_crops_evenly_spaced() -> None:
    made, plot = shown(fed(*(face(index) for index in range(1000))))

    (track,) = plot.tracks
    times = [crop.pts_seconds for crop in track.faces]
    steps = np.diff(times)
    assert (len(times), track.frames, track.begins_seconds, track.ends_seconds) == (12, 1000, 0.0, 199.8)
    assert steps.max() <= 2.001 * steps.min()  # thinned by halves
    assert times[-1] > 150
    assert made.detector == ""


def test_a_stretch_without_the_face_is_a_gap() -> None:
    _, plot = shown(fed(face(0), face(1), face(9), face(10)))

    (gap,) = plot.tracks[0].gaps
    assert (gap.begins, gap.ends) == (0.2, 1.8)


def test_each_crop_lies_in_the_picture_where_the_data_says() -> None:
    made, plot = shown(fed(face(0, 0, shade=40), face(0, 1, shade=200)))

    picture = np.asarray(Image.open(io.BytesIO(made.content)))
    high, wide = picture.shape[:2]
    for track, shade in zip(plot.tracks, (40, 200), strict=True):
        left, top, right, bottom = track.faces[0].tile
        tile = picture[round(top * high) : round(bottom * high), round(left * wide) : round(right * wide)]
        assert tile.shape == (64, 64, 3)
        assert (tile == shade).all()


def test_of_forty_faces_eight_are_shown_and_the_rest_counted() -> None:
    strip = FaceStrip()
    for index in range(6):
        faces = tuple(face(index, track) for track in range(40) if index < 3 or track >= 35)
        strip.add(FaceBatch(((index, index / 5),), faces))

    made, plot = shown(strip)

    assert [track.track for track in plot.tracks] == [0, 1, 2, 35, 36, 37, 38, 39]
    assert plot.tracks_left_out == 32
    assert "32 more" in made.caption


def test_many_short_faces_before_it_do_not_keep_a_long_one_out_nor_fill_memory() -> None:
    strip = fed(*(face(10 * number + at, number) for number in range(300) for at in range(3)))
    for index in range(4000, 4050):
        strip.add(FaceBatch(((index, index / 5),), (face(index, 900),)))

    _, plot = shown(strip)

    assert plot.tracks[-1].track == 900
    assert plot.tracks_left_out == 293
    assert len(strip.rows) <= 9


def test_the_same_faces_give_the_same_picture() -> None:
    faces = [face(index, index % 3) for index in range(100)]

    assert shown(fed(*faces))[0] == shown(fed(*faces))[0]


def test_no_face_leaves_no_strip() -> None:
    strip = FaceStrip()
    strip.add(FaceBatch(((0, 0.0),), ()))

    assert strip.evidence() is None
