"""Whatever a manifest store holds, what is made of it is bounded, and only what was proven is called valid."""

import json

import pytest

from analysis.engine.detectors import credentials
from analysis.engine.media import manifests


def store(failure=(), success=("signingCredential.trusted",), ingredients=(), others=None, deltas=()):
    codes = {"failure": [{"code": code} for code in failure], "success": [{"code": code} for code in success]}
    active = {"title": "active", "ingredients": list(ingredients)}
    return {
        "active_manifest": "a",
        "manifests": {"a": active, **(others or {})},
        "validation_results": {"activeManifest": codes, "ingredientDeltas": list(deltas)},
    }


def delta(label, code):
    found = {"code": code, "url": f"self#jumbf=/c2pa/{label}/c2pa.signature"}
    return {"ingredientAssertionURI": "x", "validationDeltas": {"failure": [found], "success": []}}


@pytest.mark.parametrize(
    ("failure", "success", "state"),
    [
        ([], ["signingCredential.trusted"], "valid"),
        ([], [], "issuer_unknown"),
        (["signingCredential.untrusted"], ["signingCredential.trusted"], "issuer_unknown"),
        (["signingCredential.untrusted"], [], "issuer_unknown"),
        (["signingCredential.expired", "signingCredential.untrusted"], [], "incomplete"),
        (["signingCredential.ocsp.revoked"], ["signingCredential.trusted"], "incomplete"),
        (["timeStamp.mismatch"], ["signingCredential.trusted"], "incomplete"),
        (["code.of.tomorrow"], ["signingCredential.trusted"], "incomplete"),
        (["assertion.missing"], ["signingCredential.trusted"], "tampered"),
        (["signingCredential.expired", "claimSignature.mismatch"], [], "tampered"),
    ],
)
def test_codes_make_a_state(failure, success, state):
    assert manifests.describe(store(failure, success))["state"] == state


@pytest.mark.parametrize(
    ("code", "state"),
    [("ingredient.manifest.mismatch", "tampered"), ("signingCredential.expired", "incomplete"),
     ("signingCredential.untrusted", "valid")],
)  # fmt: skip
def test_what_is_found_about_an_earlier_version_counts_only_if_it_does_not_hold(code, state):
    ingredient = {"title": "b", "active_manifest": "b"}

    described = manifests.describe(
        store(ingredients=[ingredient], others={"b": {"title": "b"}}, deltas=[delta("b", code)])
    )

    assert described["state"] == state


def test_a_circle_of_ingredients_ends():
    to_a, to_b = ({"title": label, "active_manifest": label} for label in "ab")

    described = manifests.describe(store(ingredients=[to_b], others={"b": {"ingredients": [to_a]}}))

    assert [(step["title"], step["state"]) for step in described["ingredients"]] == [
        ("b", "issuer_unknown"),
        ("a", "incomplete"),
    ]


def test_a_chain_without_end_and_a_crowd_of_ingredients_are_cut():
    chain = {
        str(number): {"ingredients": [{"title": "t", "active_manifest": str(number + 1)}] * 50}
        for number in range(200)
    }

    described = manifests.describe(store(ingredients=[{"active_manifest": "0"}], others=chain))

    assert len(described["ingredients"]) == manifests.MAX_STEPS
    assert described["ingredients_left_out"]
    assert max(step["depth"] for step in described["ingredients"]) <= manifests.MAX_DEPTH


def test_long_texts_and_lists_are_cut():
    described = manifests.describe(store())
    action = {"action": "x" * 100_000, "softwareAgent": {"name": "y" * 100_000}}
    long = store()
    long["manifests"]["a"] |= {
        "title": "z" * 100_000,
        "assertions": [{"label": "c2pa.actions", "data": {"actions": [action] * 5000}}],
    }

    cut = manifests.describe(long)

    assert len(json.dumps(cut)) < 60_000
    assert cut["state"] == described["state"]


@pytest.mark.parametrize("odd", [None, 7, "text", [], [[]], {"a": 1}, {"code": ["x"]}])
def test_anything_may_stand_anywhere(odd):
    fields = (
        "title",
        "ingredients",
        "assertions",
        "claim_generator_info",
        "claim_generator",
        "signature_info",
    )
    stores = [store() for _ in fields]
    for one, field in zip(stores, fields, strict=True):
        one["manifests"]["a"][field] = odd
    stores += [
        store() | {"validation_results": odd},
        store() | {"manifests": odd},
        store() | {"active_manifest": odd},
        store(ingredients=[odd, {"active_manifest": odd}]),
        store() | {"validation_results": {"activeManifest": odd, "ingredientDeltas": odd}},
    ]

    for one in stores:
        described = manifests.describe(one)
        assert described["state"] in credentials.STATES
        assert all(told["sentence"] for told in credentials.told(described))
