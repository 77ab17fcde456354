"""Reads the C2PA manifest of a file, without any network.

Content Credentials (C2PA technical specification 2.2, section 15 "Validation"); `manifests` says what is made of
what the reader found. Remote manifests and revocation lists are never fetched: nothing leaves this machine.
"""

import json
from pathlib import Path
from typing import Any

from analysis.engine.media import manifests, windows
from analysis.engine.trust import NOBODY, Certificates, TrustList
from analysis.engine.types import Probe

MEDIA_TYPES = {
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "heif": "image/heic",
    "heic": "image/heic",
    "avif": "image/avif",
    "tiff": "image/tiff",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "m4a": "audio/mp4",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "avi": "video/x-msvideo",
}
MAX_STORE_CHARACTERS = 16 << 20
MAX_TEXT = 300
READABLE = ("ManifestNotFound", "Remote")


def read(path: Path, probe: Probe, trust: TrustList = NOBODY) -> dict[str, Any]:
    """The manifest's state and its main statements; `{"state": "none"}` without one.

    Raises UnusableTrustList: a signer is not called unknown because a list could not be read.
    """
    known = trust.certificates()
    return _read(path, probe, known) | {"trust_list": _named(known)}


def _read(path: Path, probe: Probe, known: Certificates) -> dict[str, Any]:
    import c2pa

    media_type = _media_type(probe)
    if media_type is None:
        return _without("none", f"{probe.container} files carry no C2PA manifest")
    try:
        context = c2pa.Context.from_dict(_settings(known))
        with path.open("rb") as stream, c2pa.Reader(media_type, stream, context=context) as reader:
            return _described(reader.json())
    except c2pa.C2paError as error:
        # a file too damaged to be read names nothing: told apart by what every manifest's boxes hold
        if not str(error).startswith(READABLE) and not windows.holds(path, b"c2pa"):
            return _without("none", "no C2PA manifest was found in the file, which is damaged")
        return _without_manifest(str(error))


def _described(store: str) -> dict[str, Any]:
    if len(store) > MAX_STORE_CHARACTERS:
        return _without("incomplete", f"the manifest is larger than is read here ({len(store)} characters)")
    try:
        return manifests.describe(json.loads(store))
    except RecursionError:
        return _without("incomplete", "the manifest is nested deeper than is read here")


def _settings(known: Certificates) -> dict[str, Any]:
    """What c2pa-rs is told: nothing is fetched, and whom to trust; nobody when no list is given."""
    trust = {
        "trust_anchors": "\n".join(known.anchors),
        "allowed_list": "\n".join(known.allowed),
        "trust_kind": "manifest",
        "trust_uri": "urn:assay:trust-list",
    }
    verify = {"remote_manifest_fetch": False, "ocsp_fetch": False}
    given = known.anchors or known.allowed
    return {"version": 1, "verify": verify, "trust": {"anchors": [trust] if given else []}}


def _named(known: Certificates) -> dict[str, Any] | None:
    if not (known.anchors or known.allowed):
        return None
    return {"anchors": len(known.anchors), "allowed": len(known.allowed), "sha256": known.digest}


def _media_type(probe: Probe) -> str | None:
    for name in probe.container.lower().replace("/", ",").split(","):
        if name in MEDIA_TYPES:
            return MEDIA_TYPES[name]
    return None


def _without_manifest(error: str) -> dict[str, Any]:
    kind, _, detail = error.partition(":")
    if kind == "ManifestNotFound":
        return _without("none", "the file carries no C2PA manifest")
    if kind == "Remote":
        elsewhere = _without("incomplete", "the manifest lies at another address, which is not fetched")
        return elsewhere | {"remote": detail.rsplit(" ", 1)[-1][:MAX_TEXT]}
    if "prerelease" in detail:
        return _without("incomplete", "the manifest is of a pre-release format, which is no longer verified")
    return _without("incomplete", f"the manifest cannot be read: {detail.strip()[:MAX_TEXT]}")


def _without(state: str, explanation: str) -> dict[str, Any]:
    return {"state": state, "explanation": explanation}
