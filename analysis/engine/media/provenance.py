"""What a C2PA manifest says and whether it holds, read without any network.

Content Credentials (C2PA technical specification 2.2, section 15 "Validation"). Five states, none of
which is a verdict on the content: "none", "valid" (signed by an issuer on the trust list), "issuer_unknown"
(everything holds, but nobody here vouches for the signer), "incomplete" (a manifest is named or present but
cannot be checked in full: it lies at another address, is of a pre-release format, or its credential had
expired) and "tampered" (the bytes or the claim are not what was signed). Remote manifests and
revocation lists are never fetched: nothing leaves this machine.
"""

import json
from pathlib import Path
from typing import Any

from analysis.engine.types import Probe

SETTINGS = {"version": 1, "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
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
# what c2pa-rs calls a difference between what was signed and what lies here
TAMPERED = (".mismatch", "assertion.missing", "claim.missing", "hardBindings.missing", "assertion.undeclared")
MAX_TEXT = 300
MAX_ITEMS = 40


def read(path: Path, probe: Probe) -> dict[str, Any]:
    """The manifest's state and its main statements; `{"state": "none"}` without one."""
    import c2pa

    media_type = _media_type(probe)
    if media_type is None:
        return {"state": "none", "explanation": f"{probe.container} files carry no C2PA manifest"}
    try:
        context = c2pa.Context.from_dict(SETTINGS)
        with path.open("rb") as stream, c2pa.Reader(media_type, stream, context=context) as reader:
            return describe(json.loads(reader.json()))
    except c2pa.C2paError as error:
        return _without_manifest(str(error))


def _media_type(probe: Probe) -> str | None:
    for name in probe.container.lower().replace("/", ",").split(","):
        if name in MEDIA_TYPES:
            return MEDIA_TYPES[name]
    return None


def _without_manifest(error: str) -> dict[str, Any]:
    kind, _, detail = error.partition(":")
    if kind == "ManifestNotFound":
        return {"state": "none", "explanation": "the file carries no C2PA manifest"}
    if kind == "Remote":
        return {
            "state": "incomplete",
            "explanation": "the manifest lies at another address, which is not fetched",
            "remote": detail.rsplit(" ", 1)[-1][:MAX_TEXT],
        }
    return {"state": "incomplete", "explanation": f"the manifest cannot be read: {detail.strip()[:MAX_TEXT]}"}


def describe(store: dict[str, Any]) -> dict[str, Any]:
    """The state and main statements of a manifest store as c2pa-rs reports it."""
    active = store.get("manifests", {}).get(store.get("active_manifest"), {})
    results = store.get("validation_results", {}).get("activeManifest", {})
    codes = [str(item.get("code")) for item in results.get("failure", [])]
    signature = active.get("signature_info", {})
    state, explanation = _state(codes)
    return {
        "state": state,
        "explanation": explanation,
        "codes": codes[:MAX_ITEMS],
        "generator": _text(active.get("claim_generator") or _generators(active)),
        "title": _text(active.get("title")),
        "issuer": _text(signature.get("issuer")),
        "common_name": _text(signature.get("common_name")),
        "signed": _text(signature.get("time")),
        "actions": _actions(active),
        "ingredients": [_text(item.get("title")) for item in active.get("ingredients", [])][:MAX_ITEMS],
        "manifests": len(store.get("manifests", {})),
    }


def _state(failures: list[str]) -> tuple[str, str]:
    broken = [code for code in failures if any(mark in code for mark in TAMPERED)]
    if broken:
        return "tampered", f"the file is not what was signed ({', '.join(broken[:3])})"
    others = [code for code in failures if code != "signingCredential.untrusted"]
    if others:
        return "incomplete", f"the manifest could not be verified in full ({', '.join(others[:3])})"
    if failures:
        return "issuer_unknown", "signature and content agree, but the signer is on no trust list here"
    return "valid", "signature and content agree, and the signer is on the trust list"


def _generators(active: dict[str, Any]) -> str:
    return " ".join(str(item.get("name", "")) for item in active.get("claim_generator_info", []))


def _actions(active: dict[str, Any]) -> list[dict[str, str | None]]:
    found = []
    for assertion in active.get("assertions", []):
        if str(assertion.get("label", "")).startswith("c2pa.actions"):
            for action in assertion.get("data", {}).get("actions", []):
                source = action.get("digitalSourceType")
                found.append({"action": _text(action.get("action")), "digital_source_type": _text(source)})
    return found[:MAX_ITEMS]


def _text(value: object) -> str | None:
    return None if value is None else str(value)[:MAX_TEXT]
