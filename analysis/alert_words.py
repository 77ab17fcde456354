"""The words of the alert pages; every sentence can be translated."""

from django.utils.translation import gettext_lazy as _

from analysis.camera_words import Words

TYPES: Words = {
    "motion.started": _("Motion begins"),
    "motion.ended": _("Motion ends"),
    "track.entered": _("An object comes"),
    "track.updated": _("An object goes on (also: enters a zone, crosses a line)"),
    "track.left": _("An object leaves"),
    "plate.read": _("A plate is read"),
}
WEEKDAYS: Words = {
    "1": _("Monday"),
    "2": _("Tuesday"),
    "3": _("Wednesday"),
    "4": _("Thursday"),
    "5": _("Friday"),
    "6": _("Saturday"),
    "7": _("Sunday"),
}
LABELS: Words = {
    "types": _("Events"),
    "classes": _("Classes"),
    "zones": _("Zones entered"),
    "lines": _("Lines crossed"),
    "least_confidence": _("Confidence"),
    "watchlist": _("Watched plates"),
    "time": _("When"),
    "cooldown_seconds": _("Rest after an alert"),
}
FROM_CONFIDENCE = _("from {confidence} on")
WITHIN = _("within a distance of {distance}")
SECONDS = _("{seconds} s")
