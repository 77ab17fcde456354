"""What a C2PA manifest store says and whether it holds: one of five states, and the statements that were signed.

After the status codes of the C2PA technical specification 2.2, section 15.2, as c2pa-rs reports them. None of the
states is a verdict on the content:
"none"; "valid" (signed by somebody on the trust list); "issuer_unknown" (everything holds, but nobody here vouches
for the signer); "incomplete" (named or present, but it cannot be checked in full: it lies elsewhere, is of a
pre-release format, or its certificate has expired); "tampered" (bytes or statements are not what was signed).
The store is whatever somebody wrote into a file: every value may be anything, and ingredients may refer in circles.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from analysis.engine.media.statements import (
    ai_sources,
    generator,
    items,
    mapping,
    signature,
    statements,
    text,
)

MAX_CODES = 40
MAX_STEPS, MAX_DEPTH = 60, 8
UNTRUSTED, TRUSTED = "signingCredential.untrusted", "signingCredential.trusted"
# Besides all that end in "mismatch": what was signed and is not there, or is there and was not signed.
TAMPERED = frozenset(
    ("assertion.missing", "assertion.undeclared", "claim.missing", "claim.hardBindings.missing")
)
WORDS = {
    "assertion.dataHash.mismatch": "its bytes are not those that were signed",
    "assertion.bmffHash.mismatch": "its bytes are not those that were signed",
    "assertion.boxesHash.mismatch": "its bytes are not those that were signed",
    "assertion.hashedURI.mismatch": "a statement of the manifest was changed after signing",
    "assertion.missing": "a statement that was signed is gone",
    "claimSignature.mismatch": "the signature does not fit what is claimed",
    "ingredient.manifest.mismatch": "the manifest of an earlier version was changed",
    "signingCredential.expired": "the signer's certificate has expired, and no trusted time stamp shows that it "
    "was signed before",
    "claimSignature.outsideValidity": "it was signed outside the time its certificate is valid for",
    "signingCredential.revoked": "the signer's certificate was revoked",
    "signingCredential.ocsp.revoked": "the signer's certificate was revoked",
    "signingCredential.invalid": "the signer's certificate is not of the kind that may sign",
    "timeStamp.mismatch": "its time stamp is of something else",
    "algorithm.unsupported": "it was signed with an algorithm that is not known here",
}


@dataclass(frozen=True)
class Codes:
    """The status codes of one manifest."""

    failure: tuple[str, ...] = ()
    success: tuple[str, ...] = ()


def describe(store: Any) -> dict[str, Any]:
    """The state and the statements of a manifest store, bounded, in JSON."""
    manifests, label = mapping(mapping(store).get("manifests")), text(mapping(store).get("active_manifest"))
    active = mapping(manifests.get(label or ""))
    results = mapping(mapping(store).get("validation_results"))
    codes, earlier = _codes(mapping(results.get("activeManifest"))), _of_ingredients(results)
    state, explanation = _state(codes, earlier)
    seen = _with_recorded(active, earlier) if state_of(codes)[0] == "valid" else earlier
    steps = list(islice(_steps(active, manifests, seen, (label or "",)), MAX_STEPS + 1))
    told = statements(active)
    return {
        "state": state,
        "explanation": explanation,
        "codes": list(codes.failure[:MAX_CODES]),
        "generator": generator(active),
        "title": text(active.get("title")),
        **signature(active, codes.success),
        **told,
        "ai_sources": ai_sources(active)
        + [source for step in steps[:MAX_STEPS] for source in step.get("ai_sources", [])],
        "ingredients": steps[:MAX_STEPS],
        "ingredients_left_out": len(steps) > MAX_STEPS,
        "manifests": len(manifests),
    }


def state_of(codes: Codes) -> tuple[str, str]:
    """The state of one manifest, and the sentence behind it."""
    broken = [code for code in codes.failure if _is_tampered(code)]
    if broken:
        return "tampered", f"the file is not what was signed: {_words(broken)}"
    others = [code for code in codes.failure if code != UNTRUSTED]
    if others:
        return "incomplete", f"the manifest could not be verified in full: {_words(others)}"
    if TRUSTED in codes.success and not codes.failure:
        return "valid", "signature and content agree, and the signer is on the trust list"
    return "issuer_unknown", "signature and content agree, but the signer is on no trust list here"


def _state(codes: Codes, earlier: Mapping[str, Codes]) -> tuple[str, str]:
    """That of the active manifest, unless what it was made from does not hold here either."""
    state, explanation = state_of(codes)
    if state not in ("valid", "issuer_unknown"):
        return state, explanation
    for below in ("tampered", "incomplete"):
        for found in earlier.values():
            if state_of(found)[0] == below:
                return below, f"an earlier version inside the manifest: {state_of(found)[1]}"
    return state, explanation


def _is_tampered(code: str) -> bool:
    return code in TAMPERED or (code.endswith(".mismatch") and not code.startswith("timeStamp"))


def _words(codes: list[str]) -> str:
    said = [f"{WORDS[code]} ({code})" if code in WORDS else code for code in dict.fromkeys(codes)]
    return "; ".join(said[:3])


def _codes(results: Mapping[str, Any]) -> Codes:
    named = {
        kind: tuple(str(mapping(item).get("code"))[:100] for item in items(results.get(kind)))
        for kind in ("failure", "success")
    }
    return Codes(**named)


def _of_ingredients(results: Mapping[str, Any]) -> dict[str, Codes]:
    """By manifest, what was found here about earlier versions and had not been recorded when they were taken in."""
    found: dict[str, Codes] = {}
    for delta in items(results.get("ingredientDeltas")):
        validation = mapping(mapping(delta).get("validationDeltas"))
        for kind in ("failure", "success"):
            for item in items(validation.get(kind)):
                label = _label(str(mapping(item).get("url")))
                before = found.get(label, Codes())
                code = str(mapping(item).get("code"))[:100]
                found[label] = Codes(
                    before.failure + (code,) * (kind == "failure"),
                    before.success + (code,) * (kind == "success"),
                )
    return found


def _label(url: str) -> str:
    """The manifest of a JUMBF address: self#jumbf=/c2pa/LABEL/c2pa.signature."""
    return url.partition("/c2pa/")[2].partition("/")[0]


def _steps(
    manifest: Mapping[str, Any],
    manifests: Mapping[str, Any],
    found: Mapping[str, Codes],
    path: tuple[str, ...],
    told: set[str] | None = None,
) -> Iterator[dict[str, Any]]:
    """The ingredients of the manifest and theirs, each below the one that was made from it."""
    told = set() if told is None else told
    for ingredient in items(manifest.get("ingredients")):
        label = text(mapping(ingredient).get("active_manifest")) or ""
        own = mapping(manifests.get(label))
        yield _step(mapping(ingredient), own, found.get(label, Codes()), len(path)) | _circle(label, path)
        # each manifest once: many ingredients may name the same one
        if own and label not in told and label not in path and len(path) < MAX_DEPTH:
            told.add(label)
            yield from _steps(own, manifests, found, (*path, label), told)


def _circle(label: str, path: tuple[str, ...]) -> dict[str, Any]:
    if label and label in path:
        return {"state": "incomplete", "explanation": "it refers back to a manifest that was made from it"}
    return {}


def _step(ingredient: Mapping[str, Any], own: Mapping[str, Any], found: Codes, depth: int) -> dict[str, Any]:
    step = {
        "depth": depth,
        "title": text(ingredient.get("title")),
        "relationship": text(ingredient.get("relationship")),
    }
    if not own:
        missing = "it carried no Content Credentials when it was taken in"
        return step | {"state": "none", "explanation": missing}
    # who is unknown to the list of the signer's tool may be known to the one here
    recorded = tuple(code for code in _recorded(ingredient).failure if code != UNTRUSTED)
    state, explanation = state_of(Codes(found.failure + recorded, found.success))
    by_signer = " (recorded when it was taken in)" if state_of(Codes(recorded))[0] == "tampered" else ""
    return step | {
        "state": state,
        "explanation": explanation + by_signer,
        "generator": generator(own),
        "ai_sources": ai_sources(own),
        **{name: value for name, value in signature(own, found.success).items() if name != "algorithm"},
    }


def _with_recorded(active: Mapping[str, Any], found: Mapping[str, Codes]) -> dict[str, Codes]:
    """With the successes that a known signer recorded: what was found again here is not among the differences.

    Those of a signer who is unknown here are a stranger's word, and would count where no list is set up.
    """
    seen = dict(found)
    for ingredient in items(active.get("ingredients")):
        label = text(mapping(ingredient).get("active_manifest")) or ""
        recorded, here = _recorded(mapping(ingredient)), seen.get(label, Codes())
        if UNTRUSTED not in recorded.failure:
            seen[label] = Codes(here.failure, here.success + recorded.success)
    return seen


def _recorded(ingredient: Mapping[str, Any]) -> Codes:
    """What the signer's tool saw when it took the ingredient in; failures of either generation of the format."""
    older = [str(mapping(item).get("code"))[:100] for item in items(ingredient.get("validation_status"))]
    newer = _codes(mapping(mapping(ingredient.get("validation_results")).get("activeManifest")))
    return Codes(tuple(dict.fromkeys([*older, *newer.failure])), newer.success)
