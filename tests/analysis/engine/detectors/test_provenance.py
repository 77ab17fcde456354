"""Content Credentials are told in five states, without a score and without the network."""

import json
import re
import socket

import pytest

from analysis.engine.detectors import provenance
from analysis.engine.media import provenance as manifests
from analysis.engine.types import FileFacts, MediaKind, NotAssessed, Probe, Reason, Source

# What the makers of these files say of them (contentauth/c2pa-rs, c2pa-org/public-testfiles), as a state. Signers
# are unknown without a trust list. CIE-sig-CA holds itself: what it contains did not when it was taken in. Nikon's
# signature fits, and its certificate has expired since, without a time stamp: their older reader called that broken.
STATES = [
    ("C.jpg", "jpeg", "issuer_unknown"),
    ("CA.jpg", "jpeg", "issuer_unknown"),
    ("CIE-sig-CA.jpg", "jpeg", "issuer_unknown"),
    ("adobe-20220124-CICA.jpg", "jpeg", "issuer_unknown"),
    ("video1.mp4", "mov,mp4", "issuer_unknown"),
    ("sample1_signed.wav", "wav", "issuer_unknown"),
    ("XCA.jpg", "jpeg", "tampered"),
    ("E-sig-CA.jpg", "jpeg", "tampered"),
    ("adobe-20220124-E-dat-CA.jpg", "jpeg", "tampered"),
    ("cloud.jpg", "jpeg", "incomplete"),
    ("prerelease.jpg", "jpeg", "incomplete"),
    ("nikon-20221019-building.jpeg", "jpeg", "incomplete"),
    ("no_manifest.jpg", "jpeg", "none"),
    ("libpng-test.png", "png", "none"),
    ("sample1.wav", "wav", "none"),
    ("video1_no_manifest.mp4", "mov,mp4", "none"),
]
JPEG = Probe(MediaKind.IMAGE, "jpeg")


def assessed(facts):
    session = provenance.make("provenance", None, "cpu").open(Source(JPEG, 0.0, 1))
    list(session.feed(FileFacts({"c2pa": facts})))
    return session.finish()


def sentences(facts, kind):
    return [told["sentence"] for told in assessed(facts).facts["findings"] if told["kind"] == kind]


@pytest.mark.parametrize(("name", "container", "state"), STATES)
def test_each_state_is_told_apart(media_dir, name, container, state):
    read = manifests.read(media_dir / "c2pa" / name, Probe(MediaKind.IMAGE, container))

    assert read["state"] == state


def test_the_table_names_every_file_of_the_fixtures(media_dir):
    files = {path.name for path in (media_dir / "c2pa").iterdir() if path.suffix != ".json"}

    assert files <= {name for name, _, _ in STATES}


@pytest.mark.parametrize(
    "name", ["adobe-20220124-CICA", "adobe-20220124-E-dat-CA", "nikon-20221019-building"]
)
def test_what_was_signed_is_what_the_published_manifest_says(media_dir, name):
    folder = media_dir / "c2pa"
    store = json.loads((folder / f"{name}.manifest_store.json").read_text())
    expected = store["manifests"][store["active_manifest"]]
    path = next(path for path in folder.glob(f"{name}.jp*g"))

    read = manifests.read(path, JPEG)

    assert read["title"] == expected["title"]
    assert read["generator"] == expected["claim_generator"]
    assert read["signed"] == expected["signature_info"].get("time")
    assert [step["title"] for step in read["ingredients"] if step["depth"] == 1] == [
        ingredient["title"] for ingredient in expected["ingredients"]
    ]


def test_a_manifest_elsewhere_is_not_fetched(media_dir, tmp_path):
    original = (media_dir / "c2pa" / "cloud.jpg").read_bytes()
    theirs = re.search(rb"https://cai-manifests[^\"<\s]+", original)[0]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        ours = f"http://127.0.0.1:{listener.getsockname()[1]}/".encode().ljust(len(theirs), b"x")
        path = tmp_path / "cloud.jpg"
        path.write_bytes(original.replace(theirs, ours))

        read = manifests.read(path, JPEG)

        with pytest.raises(TimeoutError):
            listener.accept()
    assert (read["state"], read["remote"]) == ("incomplete", ours.decode())
    assert sentences(read, "remote") == [f"named address, not fetched: {ours.decode()}"]


def test_what_a_picture_contains_is_told_with_its_own_state(media_dir):
    read = manifests.read(media_dir / "c2pa" / "CIE-sig-CA.jpg", JPEG)

    told = [(step["depth"], step["title"], step["state"]) for step in read["ingredients"]]

    assert told == [(1, "E-sig-CA.jpg", "tampered"), (2, "A.jpg", "none")]


def test_whatever_the_state_there_is_no_score(media_dir):
    assessment = assessed(manifests.read(media_dir / "c2pa" / "XCA.jpg", JPEG))

    assert isinstance(assessment, NotAssessed)
    assert assessment.reason == Reason.REPORTS_FACTS
    assert assessment.detail.startswith("provenance tampered: ")
