"""Content Credentials: whether the file carries a C2PA manifest, and whether it holds.

Facts without a score, whatever they say (analysis/engine/media/provenance.py reads them in the sandbox).
No manifest is "unknown", never a sign; a tampered one says that the file changed after signing, not how.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from analysis.engine.detectors import credentials
from analysis.engine.detectors.base import Card, Detector
from analysis.engine.detectors.weightless import Weightless
from analysis.engine.types import (
    Assessment,
    Batch,
    Consumes,
    EvidenceMade,
    FileFacts,
    MediaKind,
    NotAssessed,
    Observation,
    Reason,
)
from analysis.engine.weights import WeightStore

NAME = "provenance"


def cards() -> list[Card]:
    """The card of the provenance panel."""
    return [
        Card(
            name=NAME,
            title="Provenance (C2PA)",
            version="1.1",
            family="provenance",
            subject="file",
            consumes=Consumes.FILE,
            kinds=frozenset(MediaKind),
            unit="files",
            looks_at="Content Credentials in the file: signature, content hash, issuer against this desk's trust "
            "list, time stamp, recorded actions, what it was made from, and signed statements that a trained model "
            "made it.",
            cannot_see="Anything about files without credentials; manifests that lie at another address, "
            "which are not fetched; revocations, which are not asked for; whether what was signed was true.",
            paper="C2PA technical specification 2.2",
            licence="Apache-2.0 (c2pa-python: Apache-2.0 or MIT)",
            accuracy="Not a measurement: a manifest verifies or it does not.",
            preprocessing="None; the original bytes.",
            stressed=False,
            links=("https://c2pa.org/specifications/",),
        )
    ]


def make(_name: str, _weights: WeightStore, _device: str) -> Detector:
    """The detector; it needs no weights."""
    return Weightless(cards()[0], ProvenanceSession)


@dataclass
class ProvenanceSession:
    """The manifest of one file."""

    manifest: dict[str, Any] = field(default_factory=dict)

    def feed(self, batch: Batch) -> Iterable[Observation]:
        if isinstance(batch, FileFacts):
            self.manifest = batch.facts.get("c2pa") or {}
        return ()

    def drain(self) -> Iterable[Observation]:
        return ()

    def finish(self) -> Assessment:
        if "state" not in self.manifest:
            detail = f"the manifest could not be read: {self.manifest.get('error', 'no answer')}"
            return NotAssessed(Reason.DECODE_ERROR, detail, {"state": "incomplete"})
        detail = f"provenance {self.manifest['state'].replace('_', ' ')}: {self.manifest['explanation']}"
        facts = {**self.manifest, "findings": list(credentials.told(self.manifest))}
        return NotAssessed(Reason.REPORTS_FACTS, detail, facts)

    def evidence(self) -> Iterable[EvidenceMade]:
        return ()
