"""What Content Credentials state, as sentences that name the field they stand in.

`facts` are those of analysis/engine/media/manifests.py. What a manifest states is what its signer claims: where the
manifest does not hold, each sentence of it says so.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from analysis.engine.detectors.finding import Finding, finding

MAX_ACTIONS, MAX_INGREDIENTS = 12, 20
STATES = {
    "none": "no Content Credentials",
    "valid": "they hold, and their signer is on the trust list",
    "issuer_unknown": "they hold, but their signer is on no trust list here",
    "incomplete": "they cannot be verified in full",
    "tampered": "they do not hold",
}
RELATIONS = {"parentOf": "edited from", "componentOf": "contains", "inputTo": "used as an input"}
HOLDING = ("valid", "issuer_unknown")


def told(facts: Mapping[str, Any]) -> Iterator[Finding]:
    """Every sentence of a manifest; none without one.

    Kinds: ai_source, signature, claim, action, ingredient, remote, trust_list.
    """
    if facts.get("remote"):
        yield finding("remote", "dcterms:provenance", f"named address, not fetched: {facts['remote']}")
    if "manifests" not in facts:
        return
    yield from _ai_sources(facts)
    yield _signature(facts)
    if facts.get("generator"):
        yield finding("claim", "claim_generator", f"the claim was made by {facts['generator']}")
    if facts.get("actions"):
        yield finding("action", "c2pa.actions", f"recorded actions: {_actions(facts['actions'])}")
    yield from _ingredients(facts)
    yield _trust_list(facts.get("trust_list"))


def _ai_sources(facts: Mapping[str, Any]) -> Iterator[Finding]:
    doubt = (
        "" if facts["state"] in HOLDING else " (the credentials that say so do not hold or are incomplete)"
    )
    for source in facts.get("ai_sources", []):
        about = f" of {source['title']}" if source.get("title") else ""
        agent = f", by {source['agent']}" if source.get("agent") else ""
        sentence = f"signed statement{about}: {source['words']} ({source['code']}){agent}{doubt}"
        yield finding("ai_source", source["field"], sentence)


def _signature(facts: Mapping[str, Any]) -> Finding:
    named = [facts.get("common_name"), facts.get("issuer")]
    signer = ", ".join(str(name) for name in named if name) or "a certificate without a name"
    when = "no time stamp says when"
    if facts.get("signed"):
        trusted = (
            "a trusted time stamp" if facts.get("time_stamp_trusted") else "a time stamp nobody vouches for"
        )
        when = f"at {facts['signed']} after {trusted}"
    verb = "names as signer" if facts["state"] == "tampered" else "signed by"
    return finding("signature", "c2pa.signature", f"{verb} {signer}; {when}")


def _actions(actions: list[Mapping[str, Any]]) -> str:
    said = [_action(action) for action in actions[:MAX_ACTIONS]]
    more = len(actions) - len(said)
    return ", ".join(said) + (f" and {more} more" if more > 0 else "")


def _action(action: Mapping[str, Any]) -> str:
    agent = f" ({action['agent']})" if action.get("agent") else ""
    return f"{str(action.get('action')).removeprefix('c2pa.')}{agent}"


def _ingredients(facts: Mapping[str, Any]) -> Iterator[Finding]:
    steps = facts.get("ingredients", [])
    for step in steps[:MAX_INGREDIENTS]:
        relation = RELATIONS.get(step.get("relationship"), "made with")
        depth = f", {step['depth']} steps back" if step["depth"] > 1 else ""
        sentence = f"{relation} {step.get('title') or 'something without a title'}{depth}: {_holds(step)}"
        yield finding("ingredient", "c2pa.ingredient", sentence)
    if len(steps) > MAX_INGREDIENTS or facts.get("ingredients_left_out"):
        yield finding("ingredient", "c2pa.ingredient", "it was made from more files than are listed here")


def _holds(step: Mapping[str, Any]) -> str:
    if step["state"] in ("tampered", "incomplete"):
        return f"{STATES[step['state']]} ({step['explanation']})"
    return STATES[step["state"]]


def _trust_list(trust_list: Mapping[str, Any] | None) -> Finding:
    if not trust_list:
        return finding("trust_list", "", "no trust list is set up here, so every signer is unknown")
    count = f"{trust_list['anchors']} authorities and {trust_list['allowed']} single signers"
    return finding("trust_list", "", f"checked against a trust list of {count}")
