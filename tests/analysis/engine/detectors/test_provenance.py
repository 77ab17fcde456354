"""Content Credentials are told in five states, without a score and without the network."""

import re
import socket

import pytest

from analysis.engine.detectors import provenance
from analysis.engine.media import provenance as manifests
from analysis.engine.types import FileFacts, MediaKind, NotAssessed, Probe, Reason, Source

STATES = [
    ("CA.jpg", "jpeg", "issuer_unknown"),
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
]


@pytest.mark.parametrize(("name", "container", "state"), STATES)
def test_each_state_is_told_apart(media_dir, name, container, state):
    read = manifests.read(media_dir / "c2pa" / name, Probe(MediaKind.IMAGE, container))

    assert read["state"] == state


def test_a_manifest_elsewhere_is_not_fetched(media_dir, tmp_path):
    original = (media_dir / "c2pa" / "cloud.jpg").read_bytes()
    theirs = re.search(rb"https://cai-manifests[^\"<\s]+", original)[0]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        ours = f"http://127.0.0.1:{listener.getsockname()[1]}/".encode().ljust(len(theirs), b"x")
        path = tmp_path / "cloud.jpg"
        path.write_bytes(original.replace(theirs, ours))

        read = manifests.read(path, Probe(MediaKind.IMAGE, "jpeg"))

        with pytest.raises(TimeoutError):
            listener.accept()
    assert (read["state"], read["remote"]) == ("incomplete", ours.decode())


def test_a_signer_on_the_trust_list_is_valid():
    store = {
        "active_manifest": "m",
        "manifests": {"m": {"signature_info": {"issuer": "Somebody"}}},
        "validation_results": {"activeManifest": {"success": [], "failure": []}},
    }

    assert manifests.describe(store)["state"] == "valid"


def test_whatever_the_state_there_is_no_score(media_dir):
    facts = manifests.read(media_dir / "c2pa" / "XCA.jpg", Probe(MediaKind.IMAGE, "jpeg"))
    session = provenance.make("provenance", None, "cpu").open(Source(Probe(MediaKind.IMAGE, "jpeg"), 0.0, 1))
    list(session.feed(FileFacts({"c2pa": facts})))

    assessment = session.finish()

    assert isinstance(assessment, NotAssessed)
    assert assessment.reason == Reason.REPORTS_FACTS
    assert assessment.detail.startswith("provenance tampered: ")
