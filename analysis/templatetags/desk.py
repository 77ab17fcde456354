"""Small things every page needs: icons, sizes, durations, scores, and the words of the scripts."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html, json_script
from django.utils.safestring import SafeString

from analysis import camera_words, page_words

register = template.Library()

_WORDS: Mapping[str, page_words.Words] = {
    "outcome": page_words.OUTCOMES,
    "state": page_words.STATES,
    "job_state": page_words.JOB_STATES,
    "detector_state": page_words.DETECTOR_STATES,
    "band": page_words.BANDS,
    "reason": page_words.REASONS,
    "stage": page_words.STAGES,
    "unit": page_words.UNITS,
    "kind": page_words.KINDS,
    "stress": page_words.STRESS,
    "source": camera_words.SOURCES,
    "seen_type": camera_words.TYPES,
}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of the sprite; without a label it is decoration, so a word must stand beside it."""
    address = f"{static('img/icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}"></use></svg>', label, address
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"></use></svg>', address)


@register.simple_tag
def icon_address(name: str) -> str:
    """Where an icon of the sprite is, for a `use` whose icon a script changes."""
    return f"{static('img/icons.svg')}#{name}"


@register.filter
def word(key: str | None, group: str) -> str:
    """The word of a code, such as `state|word:"state"`; a code without a word is shown as it is."""
    return str(_WORDS[group].get(key or "", key or ""))


@register.filter
def size(size_bytes: int | float | None) -> str:
    """1234567 → "1.2 MB", in powers of ten as disks and networks count."""
    amount = float(size_bytes or 0)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.3g} {unit}"


@register.filter
def clock(seconds: float | None) -> str:
    """83.4 → "1:23"; below a second with two decimals."""
    if seconds is None:
        return "–"
    if 0 < seconds < 1:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@register.filter
def score(value: float | None) -> str:
    """A detector score with two decimals; there is no score for what was not assessed."""
    return "–" if value is None else f"{value:.2f}"


@register.filter
def percent(part: float) -> str:
    """0.429 → "42 %": 100 only when it is all."""
    # rounded first: 0.29 * 100 is 28.999…
    return f"{int(round(part * 100, 6))} %"


@register.filter
def clauses(sentence: str) -> list[str]:
    """ "a; b." as the sentences "A." and "B.": a long sentence is read more easily as a list."""
    parts = sentence.rstrip(".").split("; ") if sentence else []
    return [f"{part[:1].upper()}{part[1:]}." for part in parts]


@register.filter
def short_digest(digest: str | None) -> str:
    """The first twelve digits of a digest; the page keeps the whole one in its title."""
    return f"{digest[:12]}…" if digest else "–"


@register.simple_tag
def words_for_scripts() -> SafeString:
    """The words of the scripts as a data block."""
    return json_script(page_words.for_scripts(), "words")


@register.simple_tag
def max_upload_bytes() -> int:
    """The largest file this desk takes; scripts refuse a larger one before sending it."""
    return settings.MAX_UPLOAD_BYTES


@register.simple_tag(takes_context=True)
def page_query(context: Mapping[str, Any], **changed: object) -> str:
    """The query of this page with some parameters changed: ?state=failed&page=2."""
    query = context["request"].GET.copy()
    query.pop("part", None)  # how a script asked for the page is no part of where the reader is
    for name, value in changed.items():
        query[name] = str(value)
    return f"?{query.urlencode()}"
