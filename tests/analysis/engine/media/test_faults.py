"""What a parser's error says is told in words for people."""

import errno
import io

import pytest
from PIL import Image

from analysis.engine.errors import UndecodableMedia
from analysis.engine.media.faults import words_of


def _raised(act):
    with pytest.raises(Exception) as raised:
        act()
    return raised.value


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError("image file is truncated"), "image file is truncated"),
        (
            FileNotFoundError(errno.ENOENT, "No such file or directory", "/srv/secret"),
            "No such file or directory",
        ),
        (UndecodableMedia("it is no video"), "it is no video"),
        (KeyError("exif"), "something in it is not as its format has it"),
        (IndexError("index out of range"), "something in it is not as its format has it"),
        (EOFError(), "something in it is not as its format has it"),
        (RecursionError("maximum recursion depth exceeded"), "something in it is not as its format has it"),
        (_raised(lambda: int("abc")), "something in it is not as its format has it"),
        (_raised(b"\xff".decode), "something in it is not as its format has it"),
        (
            _raised(lambda: Image.open(io.BytesIO(b"no picture"))),
            "it begins like such a picture and does not go on like one",
        ),
    ],
)
def test_an_error_is_told_without_its_name_in_python_and_without_a_path(error, told):
    assert words_of(error) == told


def test_no_error_is_told_at_any_length():
    assert words_of(ValueError("x" * 1000)) == "x" * 300
