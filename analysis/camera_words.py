"""The words of the camera pages; every sentence can be translated."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from analysis.words import Words

STATES: Words = {
    "off": _("Off"),
    "waiting": _("Waiting"),
    "connecting": _("Connecting"),
    "online": _("Online"),
    "offline": _("Offline"),
    "ended": _("Ended"),
    "failed": _("Failed"),
}
ICONS: Mapping[str, str] = {
    "off": "stop",
    "waiting": "waiting",
    "connecting": "processing",
    "online": "video",
    "offline": "stalled",
    "ended": "finished",
    "failed": "failed",
}
SOURCES: Words = {
    "rtsp": _("RTSP camera in a network"),
    "http": _("HTTP camera in a network (MJPEG, MP4)"),
    "device": _("Device of this machine"),
    "file": _("Recorded file"),
}
TYPES: Words = {"motion": _("Motion"), "tracking": _("Object"), "anpr": _("Plate")}
DETECTORS: Words = {"motion": _("Motion"), "tracking": _("Objects"), "anpr": _("Number plates")}
SNAPSHOTS: Words = {
    "none": _("None"),
    "first": _("Of what begins, and of plates"),
    "all": _("Of every event"),
}
PACES: Words = {"own": _("As it was recorded"), "fast": _("As fast as can be")}
SPANS: Words = {"hour": _("Last hour"), "day": _("Last 24 hours"), "week": _("Last 7 days")}
OUTAGES: Words = {
    "camera.online": _("Online"),
    "camera.offline": _("Offline"),
}
NOBODY = _("All detectors")
SAID: Words = {
    "motion.started": _("Motion began"),
    "motion.ended": _("Motion ended"),
    "entered": _("{what} {track} came"),
    "updated": _("{what} {track} goes on"),
    "left": _("{what} {track} left"),
    "plate": _("{plate}"),
    "plate.region": _("{plate} ({region})"),
    "object": _("object"),
}
WORDS: Words = {
    "camera.none": _("No picture from this camera now."),
    "camera.away": _("The live view cannot be reached now; trying again."),
    "camera.asking": _("Asking for pictures…"),
    "camera.paused": _("The live view is paused."),
    "camera.too_many": _("Too many live views are open. Close one, then start this one again."),
    "camera.gone": _("You may not watch this camera any more, or it is gone."),
    "camera.pause": _("Pause"),
    "camera.go_on": _("Go on"),
    "camera.no_still": _("No picture now"),
    "camera.seen": _("New: {count} events."),
    "zones.zone": _("Zone"),
    "zones.line": _("Line"),
    "zones.mask": _("Mask"),
    "zones.named": _("{kind} {number}"),
    "zones.of": _("{kind} “{name}”, {count} points"),
    "zones.point": _("Point {number}"),
    "zones.start": _("Start"),
    "zones.end": _("End"),
    "zones.x": _("x of point {number}"),
    "zones.y": _("y of point {number}"),
    "zones.drop": _("Delete point {number}"),
    "zones.delete": _("Delete"),
    "zones.chosen": _("Point {number} of {name}: x {x}, y {y}"),
    "zones.saved": _("Saved. The camera is watched anew with these outlines."),
    "zones.saving": _("Saving…"),
    "zones.unsaved": _("There are changes that are not saved."),
    "zones.refused": _("Not saved: {reason}"),
    "zones.least": _("An area keeps at least three points; delete all of it instead."),
    "zones.most": _("There are as many of these as a camera can have."),
    "zones.no_still": _("The camera gives no picture now. Outlines can be edited all the same."),
    "zones.right": _("right"),
    "zones.left": _("left"),
}
