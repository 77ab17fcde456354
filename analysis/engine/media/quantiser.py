"""How coarsely an H.264 stream was quantised: the mean QP of its first pictures.

What the encoder was asked for (a CRF, a bit rate) is not in the stream. The QP of each macroblock is, and the decoder
exports it (AVVideoEncParams, libavutil 56.45 and later); x264's CRF aims at it.
"""

import struct
from itertools import islice
from typing import Any

import av
from av.container import InputContainer

PICTURES = 12  # a key picture and those that follow it; half a second
_HEADER = struct.Struct("<IxxxxQQii")  # blocks, where they begin, bytes of one, codec, base QP
_DELTA_AT = 16  # after x, y, width and height


def quantiser_of(container: InputContainer, index: int) -> float | None:
    """Mean QP of the first pictures of that stream, 0..51; None where it is no H.264 or cannot be decoded."""
    stream = container.streams[index]
    if stream.codec_context is None or stream.codec_context.name != "h264":
        return None
    stream.codec_context.options = {"export_side_data": "venc_params"}
    try:
        means = [mean for frame in islice(container.decode(stream), PICTURES) for mean in _means(frame)]
    # of a damaged stream nothing is said here: whoever reads it whole says what is wrong
    except (av.FFmpegError, ValueError):
        return None
    return round(sum(means) / len(means), 2) if means else None


def _means(frame: Any) -> list[float]:
    return [
        mean
        for data in frame.side_data
        if data.type.name == "VIDEO_ENC_PARAMS" and (mean := _mean(bytes(data))) is not None
    ]


def _mean(data: bytes) -> float | None:
    """The mean QP in one export: the base and each block's own difference from it."""
    if len(data) < _HEADER.size:
        return None
    count, begin, size, _, base = _HEADER.unpack_from(data)
    if not count or size < _DELTA_AT + 4 or begin + count * size > len(data):
        return float(base)
    deltas = [struct.unpack_from("<i", data, begin + at * size + _DELTA_AT)[0] for at in range(count)]
    return base + sum(deltas) / count
