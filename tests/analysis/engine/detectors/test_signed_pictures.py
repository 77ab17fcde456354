"""Content Credentials of pictures that the tests sign themselves: trust, statements, and what was made from what."""

import random
import ssl

import pytest

from analysis.engine.detectors import credentials
from analysis.engine.media import provenance
from analysis.engine.pipeline import Options, examine
from analysis.engine.registry import Registry
from analysis.engine.trust import NOBODY, TrustList, UnusableTrustList
from analysis.engine.types import DetectorEnded, MediaKind, Probe, Reason
from tests import signed

JPEG = Probe(MediaKind.IMAGE, "jpeg")


@pytest.fixture(scope="module")
def authority():
    return signed.Authority()


@pytest.fixture(scope="module")
def picture(authority):
    return authority.sign(signed.jpeg(), signed.created(), title="drawn.jpg")


@pytest.fixture
def read(tmp_path):
    def of(content, trust=NOBODY):
        path = tmp_path / "picture.jpg"
        path.write_bytes(content)
        return provenance.read(path, JPEG, trust)

    return of


@pytest.fixture
def kept(tmp_path):
    def file(name, *certificates):
        path = tmp_path / name
        path.write_text("a comment\n" + "\n".join(certificates))
        return str(path)

    return file


def told(facts, kind):
    return [found["sentence"] for found in credentials.told(facts) if found["kind"] == kind]


def test_without_a_trust_list_the_signer_is_unknown(read, picture):
    facts = read(picture)

    assert (facts["state"], facts["trust_list"]) == ("issuer_unknown", None)
    assert told(facts, "trust_list") == ["no trust list is set up here, so every signer is unknown"]


def test_a_signer_whose_authority_is_on_the_list_is_known(read, kept, authority, picture):
    facts = read(picture, TrustList(kept("anchors.pem", authority.certificate)))

    assert facts["state"] == "valid"
    assert facts["trust_list"]["anchors"] == 1


def test_a_folder_of_certificates_is_a_list(read, kept, tmp_path, authority, picture):
    kept("ours.pem", authority.certificate)
    kept("theirs.pem", signed.Authority("Other Root").certificate)

    facts = read(picture, TrustList(str(tmp_path)))

    assert (facts["state"], facts["trust_list"]["anchors"]) == ("valid", 2)


@pytest.mark.parametrize("name", ["ours.cer", "ours.crt", "OURS.CER"])
def test_certificates_in_der_are_read_too(read, kept, tmp_path, authority, picture, name):
    kept("theirs.pem", signed.Authority("Other Root").certificate)
    (tmp_path / name).write_bytes(ssl.PEM_cert_to_DER_cert(authority.certificate))

    facts = read(picture, TrustList(str(tmp_path)))

    assert (facts["state"], facts["trust_list"]["anchors"]) == ("valid", 2)


@pytest.mark.parametrize("content", [b"", b"0\x03abc", b"no certificate"])
def test_a_file_of_a_folder_that_holds_no_certificate_is_named(kept, tmp_path, authority, content):
    kept("ours.pem", authority.certificate)
    (tmp_path / "theirs.cer").write_bytes(content)

    with pytest.raises(UnusableTrustList, match=r"theirs\.cer"):
        TrustList(str(tmp_path)).certificates()


def test_a_signer_of_another_authority_is_unknown(read, kept, picture):
    facts = read(picture, TrustList(kept("anchors.pem", signed.Authority("Other Root").certificate)))

    assert facts["state"] == "issuer_unknown"


def test_a_single_signer_may_be_allowed(read, kept, authority, picture):
    facts = read(picture, TrustList(allowed=kept("allowed.pem", authority.signer_certificate)))

    assert facts["state"] == "valid"


def test_a_trusted_signer_does_not_save_changed_pixels(read, kept, authority, picture):
    changed = bytearray(picture)
    changed[-30] ^= 1

    facts = read(bytes(changed), TrustList(kept("anchors.pem", authority.certificate)))

    assert facts["state"] == "tampered"


def test_a_signer_where_authorities_belong_is_refused(kept, authority):
    with pytest.raises(UnusableTrustList, match="not of an authority"):
        TrustList(kept("anchors.pem", authority.signer_certificate)).certificates()


@pytest.mark.parametrize(
    "content", ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_what_is_no_certificate_is_refused(kept, content):
    with pytest.raises(UnusableTrustList):
        TrustList(kept("anchors.pem", content)).certificates()


def test_a_signed_statement_that_a_model_made_it_is_told_with_its_field(read, picture):
    facts = read(picture)

    assert told(facts, "ai_source") == [
        "signed statement of drawn.jpg: created by a trained model (trainedAlgorithmicMedia), by Drawn Net"
    ]
    assert facts["ai_sources"][0]["field"] == "c2pa.actions.v2, c2pa.created"


def test_a_picture_of_a_camera_has_no_such_statement(read, authority):
    capture = signed.created(signed.TRAINED.replace("trainedAlgorithmicMedia", "digitalCapture"))

    assert told(read(authority.sign(signed.jpeg(), capture, title="photo.jpg")), "ai_source") == []


def test_a_statement_of_what_it_was_edited_from_is_told_too(read, authority, picture):
    edited = {"action": "c2pa.color_adjustments"}
    content = authority.sign(signed.jpeg("blue"), edited, title="edited.jpg", made_from=picture)

    facts = read(content)

    assert [(step["depth"], step["state"]) for step in facts["ingredients"]] == [(1, "issuer_unknown")]
    assert told(facts, "ai_source") == [
        "signed statement of drawn.jpg: created by a trained model (trainedAlgorithmicMedia), by Drawn Net"
    ]


@pytest.mark.parametrize("tool_knows", [False, True])
def test_the_list_here_decides_about_an_earlier_version_and_not_that_of_the_signing_tool(
    read, kept, authority, picture, tool_knows
):
    other = signed.Authority("Other Root")
    edited = authority.sign(
        signed.jpeg("blue"),
        {"action": "c2pa.edited"},
        title="edited.jpg",
        made_from=picture,
        trusting=[authority] if tool_knows else [other],
    )

    states = {
        name: [step["state"] for step in read(edited, trust)["ingredients"]]
        for name, trust in {
            "ours": TrustList(kept("ours.pem", authority.certificate)),
            "others": TrustList(kept("others.pem", other.certificate)),
            "nobody": NOBODY,
        }.items()
    }

    assert states == {"ours": ["valid"], "others": ["issuer_unknown"], "nobody": ["issuer_unknown"]}


def test_an_earlier_version_of_an_unknown_signer_stays_unknown_below_a_known_one(read, kept, authority):
    other = signed.Authority("Other Root")
    earlier = other.sign(signed.jpeg(), signed.created(), title="drawn.jpg")
    edits = [
        authority.sign(
            signed.jpeg("blue"), {"action": "c2pa.edited"}, title="e", made_from=earlier, trusting=trusting
        )
        for trusting in ([authority], [other])
    ]

    ours = TrustList(kept("ours.pem", authority.certificate))

    assert [read(edit, ours)["ingredients"][0]["state"] for edit in edits] == ["issuer_unknown"] * 2


def test_a_statement_in_credentials_that_do_not_hold_says_so(read, picture):
    changed = bytearray(picture)
    changed[-30] ^= 1

    assert told(read(bytes(changed)), "ai_source")[0].endswith(
        "(the credentials that say so do not hold or are incomplete)"
    )


def test_damaged_manifests_end_in_a_state(read, picture):
    chance = random.Random(1)  # noqa: S311  the same damage every time

    for _ in range(60):
        damaged = bytearray(picture)
        for _ in range(3):
            damaged[chance.randrange(20, len(damaged))] = chance.randrange(256)
        facts = read(bytes(damaged))
        assert facts["state"] in credentials.STATES
        assert all(found["sentence"] for found in credentials.told(facts))


def test_an_examination_asks_its_own_trust_list(tmp_path, kept, authority, picture):
    path = tmp_path / "picture.jpg"
    path.write_bytes(picture)
    options = Options(trust=TrustList(kept("anchors.pem", authority.certificate)))

    with examine(path, registry=Registry.load(tmp_path), detectors=["provenance"], options=options) as going:
        ending = next(one for one in going if isinstance(one, DetectorEnded))

    assert ending.assessment.facts["state"] == "valid"
    assert ending.assessment.reason == Reason.REPORTS_FACTS
