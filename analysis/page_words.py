"""The words of the desk, for templates and scripts alike; every sentence can be translated."""

from django.utils.translation import gettext_lazy as _

from analysis import camera_words, evidence_words, footage_words
from analysis.words import Words

OUTCOMES: Words = {
    "strong_signs": _("Strong signs of manipulation"),
    "some_signs": _("Some signs (inconclusive)"),
    "no_signs": _("No signs found by these detectors"),
    "disagree": _("Detectors disagree"),
    "not_assessable": _("Not assessable"),
}
STATES: Words = {
    "queued": _("Queued"),
    "running": _("Being examined"),
    "succeeded": _("Examined"),
    "failed": _("Failed"),
    "cancelled": _("Cancelled"),
}
JOB_STATES: Words = {
    "queued": _("Waiting for its first report"),
    "processing": _("Under way"),
    "stalled": _("Stalled"),
    "completed": _("Completed"),
    "failed": _("Failed"),
}
JOB_RESULT = _("Result")
JOB_METADATA = _("Metadata of the last report")
DETECTOR_STATES: Words = {
    "waiting": _("Waiting"),
    "running": _("At work"),
    "finished": _("Finished"),
    "abstained": _("Abstained"),
    "failed": _("Failed"),
    "stopped": _("Stopped"),
    "emptied": _("No longer kept"),
    "facts": _("Facts only"),
}
STRESS: Words = {
    "waiting": _("Waiting"),
    "running": _("Being looked at"),
    "held": _("Held"),
    "flipped": _("Flipped"),
    "not_tested": _("Not tested"),
    "no_score": _("No detector gave a score"),
    "not_run": _("Not run"),
    "budget": _("budget"),
    "failed": _("it could not be made or read"),
}
PROVENANCE: Words = {
    "none": _("No Content Credentials in the file."),
    "valid": _("The Content Credentials hold, and their signer is on the trust list."),
    "issuer_unknown": _("The Content Credentials hold, but their signer is on no trust list here."),
    "incomplete": _("Content Credentials are named, but could not be verified in full."),
    "tampered": _("The file is not what its Content Credentials signed."),
}
BANDS: Words = {
    "strong_signs": _("Strong signs"),
    "some_signs": _("Some signs"),
    "no_signs": _("No signs"),
    "uncalibrated": _("uncalibrated: N too small"),
}
REASONS: Words = {
    "no_face": _("No face was found"),
    "face_too_small": _("The faces are too small"),
    "face_too_blurred": _("The faces are too blurred"),
    "too_short": _("Too short"),
    "silence": _("Silence"),
    "noise": _("Noise only"),
    "no_sound": _("There is no sound"),
    "no_picture": _("There is no picture"),
    "unsupported_codec": _("Unsupported codec"),
    "decode_error": _("Could not be decoded"),
    "outside_domain": _("Outside what this detector was made for"),
    "detector_failed": _("The detector failed"),
    "detector_missing": _("The detector is not installed"),
    "reports_facts": _("Reports facts, gives no score"),
}
STAGES: Words = {
    "initializing": _("Open the file"),
    "uploading": _("Upload"),
    "frame_extraction": _("Frames"),
    "audio_extraction": _("Sound"),
    "spectrogram_generation": _("Spectrogram"),
    "feature_extraction": _("Features"),
    "model_inference": _("Detectors"),
    "visualization": _("Pictures of the evidence"),
    "post_processing": _("Conclusion"),
    "evidence_sealing": _("Sealing"),
}
UNITS: Words = {
    "frames": _("frames"),
    "windows": _("windows"),
    "images": _("images"),
    "blocks": _("blocks"),
    "files": _("files"),
}
LOOKED_AT: Words = {
    "faces": _("Faces"),
    "picture": _("Picture"),
    "sound": _("Sound"),
    "file": _("The file itself"),
    "footage": _("What happens in footage"),
}
KINDS: Words = {"video": _("Video"), "image": _("Picture"), "audio": _("Sound")}

_LIVE: Words = {
    "live.connecting": _("Connecting…"),
    "live.open": _("Live"),
    "live.polling": _("Sockets are blocked here: this page asks again every two seconds instead."),
    "live.offline": _("No connection to the server. What is running there goes on; trying again."),
    "live.signed_out": _("You are signed out. Going to the sign-in page."),
    "live.not_allowed": _("You are no longer allowed to watch this run."),
    "live.not_found": _("This run is not there any more, or it is not yours."),
    "live.too_many": _("Too many live connections are open. This page asks every two seconds instead."),
    "row.of": _("{done} of {total} {unit}"),
    "row.done": _("{done} {unit}"),
    "row.faces.one": _("1 face"),
    "row.faces": _("{count} faces"),
    "row.fps": _("{fps}/s"),
    "row.left": _("about {time} left"),
    "row.pictures": _("drawing its evidence, {done} of {total}"),
    "row.waiting": _("waiting for its turn"),
    "row.starting": _("starting"),
    "row.score": _("detector score {score} (1 = manipulated)"),
    "row.took": _("took {time}"),
    "row.stopped": _("stopped before its end"),
    "row.stalled": _("stalled (no progress for {seconds} s; the worker is alive)"),
    "row.silent": _("no word from the worker for {seconds} s; if it is lost, the run starts again by itself"),
    "row.chart": _("{detector}: detector score over media time, {scored} scored points, {gaps} gaps"),
    "row.gap": _("gap"),
    "row.face": _("face {track}"),
    "run.queued": _("Waiting for a free worker."),
    "run.running": _("Being examined, attempt {attempt}."),
    "run.preliminary": _("Preliminary: {done} of {total} detectors have ended."),
    "run.cancelling": _("Cancelling…"),
    "run.cancel_unheard": _(
        "The server did not answer, so the examination may go on. Cancel again in a moment."
    ),
    "run.ended": _("The examination of {file} has ended: {sentence}"),
    "run.seen": _("{sentence} Seen: {seen}."),
    "run.retried": _("Starting again: {reason}"),
    "copy.done": _("Copied"),
    "chain.checking": _("Checking every line…"),
    "chain.complete": _("Complete, 0 gaps; the chain of {count} events verifies."),
    "chain.so_far": _("0 gaps so far; the chain of {count} events verifies, and more are to come."),
    "chain.emptied": _(
        "0 gaps; the chain of {count} events verifies. {emptied} of them were emptied; hashes stay."
    ),
    "chain.broken": _("The chain does not hold at line {line} of {head}: {reason}"),
    "chain.failed": _("The chain could not be checked: {reason}"),
    "proof.complete": _(
        "Complete, 0 gaps: this browser received lines 1 to {seq}, each linked to the one before. Last hash {hash}."
    ),
    "proof.thinned": _(
        "0 gaps: this browser received {count} of {seq} lines; {thinned} were left out on purpose, because newer "
        "progress outdates them or they were emptied. Last hash {hash}."
    ),
    "proof.missing": _(
        "This browser received {count} of {seq} lines; {missing} are missing. Reload the page."
    ),
    "proof.broken": _("Line {line}, as this browser received it, does not follow on the line before it."),
    "keys.peak": _("{detector}: detector score {score} at {time}, one of its highest here"),
    "keys.no_peak": _("No further highest score or finding in that direction."),
    "media.unplayable": _("This browser cannot show this format. The file itself is kept unchanged."),
}
_DROP: Words = {
    "drop.hashing": _("Computing the SHA-256 in this browser"),
    "drop.uploading": _("Uploading"),
    "drop.wished": _("This upload was begun with other choices, and goes on with them."),
    "drop.resuming": _("Going on with the upload at {percent} %"),
    "drop.rate": _("{sent} of {size} · {speed}/s · about {time} left"),
    "drop.sealing": _("All bytes are there; the server looks at the file"),
    "drop.retrying": _("The connection was lost. Trying again in {seconds} s; nothing is lost."),
    "drop.cancelled": _("The upload of {file} was cancelled; nothing was kept."),
    "drop.refused": _("{file}: {reason}"),
    "drop.too_large": _("{file} has {size}; this desk takes {limit}."),
    "drop.empty": _("{file} is empty: it holds no bytes at all."),
    "drop.one": _("One file at a time: {file} is uploaded, the others are not."),
    "drop.seen": _("Same bytes examined on {date} by {who}."),
    "drop.chosen": _("({chosen} of {known})"),
    "drop.none_chosen": _("No detector is ticked. Tick at least one, or choose Full."),
    "drop.busy": _("An upload is under way. Cancel it first, or wait until it has ended."),
    "drop.done": _("{file} is uploaded. Opening its run."),
    "drop.offline": _("The server cannot be reached."),
}
_JOB: Words = {
    "job.percent": _("{percent} %"),
    "job.ended": _("The external job {job} has ended: {sentence}"),
    "job.not_allowed": _("You are no longer allowed to watch this job."),
    "job.not_found": _("This job is not there any more, or it is not yours."),
}
_SOCKETS: Words = {
    "sockets.opening": _("opening"),
    "sockets.open": _("open"),
    "sockets.ended": _("closed with {code}"),
    "sockets.in": _("came"),
    "sockets.out": _("sent"),
    "sockets.closed": _("closed"),
    "sockets.count": _("{count} frames"),
    "sockets.length": _("{count} characters"),
}
_PANEL: Words = {
    "panel.of": _("{percent} %"),
    "panel.queued": _("queued"),
    "panel.running": _("at work"),
    "panel.unknown": _("a file"),
    "panel.ended": _("ended"),
    "panel.stalled": _("stalled at {percent} %"),
    "panel.polling": _("sockets blocked: asking every few seconds"),
}


def for_scripts() -> dict[str, str]:
    """What scripts say, in the language of the current request."""
    named: dict[str, Words] = {
        "outcome": OUTCOMES,
        "state": STATES,
        "job_state": JOB_STATES,
        "detector_state": DETECTOR_STATES,
        "reason": REASONS,
        "stage": STAGES,
        "unit": UNITS,
        "band": BANDS,
    }
    words = {f"{group}.{key}": str(text) for group, texts in named.items() for key, text in texts.items()}
    pages = (_LIVE, _DROP, _JOB, _PANEL, _SOCKETS, evidence_words.WORDS, camera_words.WORDS)
    said = {key: str(text) for texts in pages for key, text in texts.items()}
    return words | said | footage_words.words()
