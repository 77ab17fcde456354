"""What a container says of itself and its streams."""

from collections.abc import Mapping
from typing import Any

import av
from av.container import InputContainer

_FILE_TAGS, _STREAM_TAGS, _TAG_TEXT, _STREAMS = 200, 32, 1000, 64


def of(container: InputContainer) -> dict[str, Any]:
    """Format, brands, tags, duration and bit rate of the file, and its streams one by one."""
    tags = _tags(container.metadata, _FILE_TAGS)
    return {
        "format": container.format.name,
        "format_title": container.format.long_name,
        "brands": _brands(tags),
        "duration_seconds": container.duration / av.time_base if container.duration else None,
        "bits_per_second": container.bit_rate or None,
        "size_bytes": container.size,
        "tags": tags,
        "streams": [_stream(stream) for stream in list(container.streams)[:_STREAMS]],
    }


def _brands(tags: Mapping[str, str]) -> list[str]:
    """The major brand and the compatible ones, four letters each."""
    compatible = tags.get("compatible_brands", "")
    names = [tags.get("major_brand", ""), *(compatible[at : at + 4] for at in range(0, len(compatible), 4))]
    return list(dict.fromkeys(name for name in names if name))


def _stream(stream: Any) -> dict[str, Any]:
    codec = stream.codec_context
    facts = {
        "index": stream.index,
        "type": stream.type,
        "codec": codec.codec.canonical_name if codec is not None else None,
        "profile": stream.profile if codec is not None else None,
        "codec_tag": codec.codec_tag if codec is not None else None,
        "bits_per_second": (codec.bit_rate or None) if codec is not None else None,
        "duration_seconds": _seconds(stream.duration, stream.time_base),
        "start_seconds": _seconds(stream.start_time, stream.time_base),
        "time_base": str(stream.time_base),
        "frames": stream.frames or None,
        "disposition": [flag.name for flag in stream.disposition],
        "language": stream.language,
        "tags": _tags(stream.metadata, _STREAM_TAGS),
    }
    if codec is not None and stream.type == "video":
        facts |= {
            "width": codec.width,
            "height": codec.height,
            "pixel_format": codec.pix_fmt,
            "average_rate": str(stream.average_rate or ""),
            "sample_aspect_ratio": str(codec.sample_aspect_ratio or ""),
            "color_range": int(codec.color_range),
            "color_space": int(codec.colorspace),
            "color_primaries": int(codec.color_primaries),
            "color_transfer": int(codec.color_trc),
        }
    if codec is not None and stream.type == "audio":
        facts |= {
            "sample_rate_hz": codec.sample_rate,
            "channels": codec.channels,
            "layout": codec.layout.name,
        }
    return facts


def _seconds(stamp: int | None, time_base: Any) -> float | None:
    return float(stamp * time_base) if stamp is not None and time_base is not None else None


def _tags(metadata: Mapping[str, str], most: int) -> dict[str, str]:
    return {key[:_TAG_TEXT]: metadata[key][:_TAG_TEXT] for key in list(metadata)[:most]}
