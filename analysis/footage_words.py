"""What scripts say of what was seen in footage; every sentence can be translated.

Classes of objects are those that finders know (COCO); one that is not here is said by its own name.
"""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analysis.words import Words

CLASSES: Mapping[str, tuple[str | Promise, str | Promise]] = {
    "person": (_("person"), _("{count} people")),
    "bicycle": (_("bicycle"), _("{count} bicycles")),
    "car": (_("car"), _("{count} cars")),
    "motorcycle": (_("motorcycle"), _("{count} motorcycles")),
    "airplane": (_("aeroplane"), _("{count} aeroplanes")),
    "bus": (_("bus"), _("{count} buses")),
    "train": (_("train"), _("{count} trains")),
    "truck": (_("truck"), _("{count} trucks")),
    "boat": (_("boat"), _("{count} boats")),
    "bird": (_("bird"), _("{count} birds")),
    "cat": (_("cat"), _("{count} cats")),
    "dog": (_("dog"), _("{count} dogs")),
    "horse": (_("horse"), _("{count} horses")),
    "sheep": (_("sheep"), _("{count} sheep")),
    "cow": (_("cow"), _("{count} cows")),
    "backpack": (_("backpack"), _("{count} backpacks")),
    "umbrella": (_("umbrella"), _("{count} umbrellas")),
    "handbag": (_("handbag"), _("{count} handbags")),
    "suitcase": (_("suitcase"), _("{count} suitcases")),
    "": (_("object"), _("{count} objects")),
}
LANES: Words = {
    "motion": _("Motion"),
    "tracking": _("Objects"),
    "anpr": _("Plates"),
    "others": _("Other objects"),
}
_SAID: Words = {
    "footage.count": _("{count} × {name}"),
    "footage.motion": _("motion for {seconds} s in {count} spells"),
    "footage.motion.one": _("motion for {seconds} s in 1 spell"),
    "footage.plates": _("{count} plates"),
    "footage.plates.one": _("1 plate"),
    "footage.visits": _("{count} zone entries and exits"),
    "footage.visits.one": _("1 zone entry or exit"),
    "footage.crossings": _("{count} line crossings"),
    "footage.crossings.one": _("1 line crossing"),
    "footage.nothing_yet": _("nothing told yet"),
    "footage.nothing": _("nothing was told"),
    "footage.further": _("{count} of them merged"),
    "footage.lane.motion": LANES["motion"],
    "footage.lane.plates": LANES["anpr"],
    "footage.lane.others": LANES["others"],
    "footage.chart": _("{lane}: {said}. Arrow keys go from one to the next; Enter takes the player there."),
    "footage.spell": _("motion, {span}"),
    "footage.intensity": _("intensity {intensity}"),
    "footage.area": _("{percent} % of the frame"),
    "footage.track": _("{what}, {span}"),
    "footage.named": _("{class} {track}"),
    "footage.plate": _("plate {plate} at {time}"),
    "footage.plate_untimed": _("plate {plate}"),
    "footage.confidence": _("confidence {confidence}"),
    "footage.region": _("format of {region}"),
    "footage.reads": _("{count} reads agree"),
    "footage.settled": _("{read} settled as {sign} by its format"),
    "footage.or": _("or {plates}"),
    "footage.on": _("on {what}"),
    "footage.zone_entered": _("{what} entered zone {name} at {time}"),
    "footage.zone_left": _("{what} left zone {name} at {time}"),
    "footage.inside": _("after {seconds} s inside"),
    "footage.line_to_left": _("{what} crossed line {name} to the left at {time}"),
    "footage.line_to_right": _("{what} crossed line {name} to the right at {time}"),
    "footage.line_crossed": _("{what} crossed line {name} at {time}"),
    "footage.span": _("{begins}–{ends}"),
    "footage.open": _("{begins}, still going on"),
    "footage.unended": _("{begins}, its end was not seen"),
    "footage.type.motion": _("motion"),
    "footage.type.track": _("track"),
    "footage.type.plate": _("plate"),
    "footage.type.mark": _("zone or line"),
    "footage.mark.zone_entered": _("zone entered"),
    "footage.mark.zone_left": _("zone left"),
    "footage.mark.line_to_left": _("line crossed to the left"),
    "footage.mark.line_to_right": _("line crossed to the right"),
    "footage.mark.line_crossed": _("line crossed"),
    "footage.all": _("All of these as data (JSON)"),
    "footage.to_player": _("To the player"),
    "footage.record": _("The event as data (JSON)"),
    "footage.table_more": _("The first {shown} of {count}."),
    "footage.picture": _("{said}: the frame it was told for, with boxes"),
    "footage.picture_none": _("No picture was kept of this."),
    "footage.picture_disk_full": _("Its picture could not be kept: the disk was full."),
    "footage.picture_not_writable": _("Its picture could not be kept: the folder could not be written to."),
    "footage.picture_gone": _("Its picture is not there any more."),
    "footage.at_frame": _("The player shows the frame at {time}."),
    "footage.near_frame": _("This browser shows the frame at {time}, not the one at {wanted}."),
}


def words() -> dict[str, str]:
    """In the language of the current request."""
    classes = {f"footage.class.{name}": str(one) for name, (one, _many) in CLASSES.items()}
    counted = {f"footage.classes.{name}": str(many) for name, (_one, many) in CLASSES.items()}
    return classes | counted | {key: str(text) for key, text in _SAID.items()}
