"""What the container itself says, for the sessions that look at no picture and hear no sound."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FileFacts:
    """What the container says, read in the sandbox: JSON-able facts by topic, and the encoded bytes
    of a still image (None above the reader's limit, and for video and sound).

    Keys of `facts`: "probe", "container", "exif", "xmp", "iptc", "text" (PNG and others), "c2pa", "jpeg",
    "sound" (its long-term spectrum at the rate it is stored with), "coding" (sizes, sorts and times of pictures).
    """

    facts: Mapping[str, Any]
    encoded: bytes | None = None
