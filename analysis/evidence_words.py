"""What scripts say of the evidence they draw; every sentence can be translated."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: Mapping[str, str | Promise] = {
    "evidence.axis": _("{name} ({unit})"),
    "evidence.value": _("{name} {value}"),
    "evidence.no_value": _("{name}: no value"),
    "evidence.chart": _("{title}. Arrow keys read the values; Enter takes the player there."),
    "evidence.chart_still": _("{title}. Arrow keys read the values."),
    "evidence.hint": _("Point into the chart, or focus it and use the arrow keys, to read values."),
    "evidence.gap": _("not assessed: {reason}"),
    "evidence.gaps": _("grey: not assessed"),
    "evidence.marked": _("Marked:"),
    "evidence.span": _("{begins}–{ends}: {label}"),
    "evidence.mark": _("{place}: {label}"),
    "evidence.go": _("Go to {begins}: {label}"),
    "evidence.reference": _("reference: {name}"),
    "evidence.table": _("Values as a table"),
    "evidence.failed": _("The data of this piece could not be fetched. The picture and the links stay."),
    "evidence.nothing_marked": _("Nothing is marked in this spectrogram."),
    "evidence.over": _("Show over the picture"),
    "evidence.over_at": _("Show over the frame at {time}"),
    "evidence.opacity": _("Opacity"),
    "evidence.scale": _("Laid over, {low} is clear and {high} is full colour: {name}."),
    "evidence.flat": _("{name}: {value} everywhere."),
    "evidence.unmeasured": _("Dotted grey was not measured."),
    "evidence.over_now": _("Over the file: {title}. It shows what was measured, not where an edit is."),
    "evidence.over_elsewhere": _(
        "{title} belongs to {time}; the player stands elsewhere. Switch it off and on to go back."
    ),
    "evidence.over_impossible": _(
        "This browser cannot show the file itself, so nothing can be laid over it."
    ),
    "evidence.scores_by": _("Scores by"),
    "evidence.no_scores": _("no detector"),
    "evidence.track": _("Face {track}"),
    "evidence.track_seen": _("usable in {frames} frames, {begins}–{ends}"),
    "evidence.track_once": _("usable in 1 frame"),
    "evidence.crop": _("Face {track} at {time}, {score}"),
    "evidence.crop_score": _("detector score {score}"),
    "evidence.crop_unscored": _("not scored"),
    "evidence.crop_gap": _("gap {seconds} s"),
    "evidence.crop_raised": _("0.5 or more"),
    "evidence.tracks_left_out": _("{count} more faces, seen for a shorter time, are left out."),
}
