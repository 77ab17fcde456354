"""Results and evidence of an attempt, as rows and files."""

import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from analysis import snapshots
from analysis.engine.plan import Plan
from analysis.engine.plots import Described, described
from analysis.engine.types import DetectorEnded, EvidenceMade, NotAssessed, Reason, Verdict
from analysis.models import Evidence, Result
from analysis.queue import Claim
from analysis.recorder.plain import finite, plain, text
from analysis.uploads.places import evidence_of, evidence_root

_ENDINGS = {"image/png": "png", "image/webp": "webp", "image/jpeg": "jpg", "application/json": "json"}


def store_evidence(claim: Claim, made: EvidenceMade) -> Evidence:
    """Writes the file, whole or not at all; the row is the caller's to save."""
    evidence_id = uuid4()
    name = f"{evidence_id}.{_ENDINGS.get(made.media_type, 'bin')}"
    folder = _folder(claim, claim.attempt)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(folder / name, made.content)
    behind = described(made.plot) if made.plot is not None else Described("")
    return Evidence(
        id=evidence_id,
        run_id=claim.run,
        attempt=claim.attempt,
        detector=made.detector,
        kind=text(made.kind, limit=32),
        title=text(made.title, limit=200),
        caption=text(made.caption),
        media_type=made.media_type,
        path=str((folder / name).relative_to(evidence_root())),
        sha256=hashlib.sha256(made.content).hexdigest(),
        plot=behind.kind,
        data=plain(behind.data) if behind.kind else None,
        begins_seconds=behind.begins_seconds,
        ends_seconds=behind.ends_seconds,
        box=plain(behind.box),
    )


def result_of(claim: Claim, ending: DetectorEnded, plan: Plan | None = None) -> Result:
    """The row of a detector's conclusion. A score that is no number is a failure of the detector, not a score."""
    result = Result(
        run_id=claim.run,
        attempt=claim.attempt,
        detector=ending.detector,
        version=ending.version,
        family=ending.family,
        weights_sha256=ending.weights_sha256,
        facts=plain(ending.assessment.facts),
        seconds=finite(ending.seconds) or 0.0,
        plan=plan.as_json() if plan else None,
    )
    assessment = ending.assessment
    if isinstance(assessment, Verdict):
        result.score, result.band = assessment.score, assessment.band.value
        coverage = assessment.coverage
        result.scored, result.sampled, result.unit = coverage.scored, coverage.sampled, coverage.unit
    else:
        result.reason, result.detail = assessment.reason.value, text(assessment.detail)
    return result


def sound(ending: DetectorEnded) -> DetectorEnded:
    """The ending, unless its score is no number in 0–1: then a failure, so that nothing else is written anywhere."""
    assessment = ending.assessment
    if isinstance(assessment, NotAssessed):
        return ending
    score = finite(assessment.score)
    if score is not None and 0 <= score <= 1:
        return ending
    failure = NotAssessed(Reason.DETECTOR_FAILED, f"it gave {assessment.score!r} as its score")
    return replace(ending, assessment=failure, error_type="BrokenProtocol")


def clear_leftovers(claim: Claim) -> None:
    """Removes files that attempts before this one wrote and never put on record.

    Snapshots of a camera are left to the sweep: it has very many, and who lists them is not alive meanwhile.
    """
    for attempt in range(1, claim.attempt):
        if claim.camera is None:
            snapshots.clear(claim.topic, claim.run, attempt)
        folder = _folder(claim, attempt)
        if not folder.is_dir():
            continue
        kept = set(Evidence.objects.filter(run=claim.run, attempt=attempt).values_list("path", flat=True))
        if not kept:
            shutil.rmtree(folder, ignore_errors=True)
            continue
        for path in folder.iterdir():
            if str(path.relative_to(evidence_root())) not in kept:
                path.unlink(missing_ok=True)


def _folder(claim: Claim, attempt: int) -> Path:
    return evidence_of(claim.run) / str(attempt)


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file that is there with all of its content, or not at all. Raises OSError."""
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
