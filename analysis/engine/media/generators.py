"""Programs that make pictures and sound, known by what they write into files.

One table: which program, in which fields (a pattern of the field's name without its prefix), what stands there,
and where that is written down. Stable Diffusion parameters and ComfyUI graphs have a shape instead of a name:
`prompts` finds those. Any of it is removed by saving the file anew, and written by anybody who likes to.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

MAX_SEARCHED = 64 * 1024
MAX_FOUND = 20
MAX_SAID = 120


class Rule(NamedTuple):
    """A program names itself in such a field with such a text; `source` says who says so."""

    tool: str
    fields: str
    pattern: str
    source: str


_PROGRAM = r"Software|CreatorTool|softwareAgent|OriginatingProgram|ProgramName|encoder|software|tool"
# Firms are credited for photographs of theirs too, and photographers have names like theirs: there only a name that
# is the whole value counts.
_CREDIT = r"Credit|Source|Creator|Byline|Artist|Author"
_COMMENT = (
    r"Description|ImageDescription|Caption|UserComment|Comment|comment|description|parameters|XPComment"
)
_OPENAI = "help.openai.com, provenance of generated pictures"

RULES = (
    Rule("NovelAI", "Software", r"^NovelAI\b", "NovelAI/novelai-image-metadata"),
    Rule(
        "NovelAI",
        "Source",
        r"^NovelAI Diffusion|^Stable Diffusion( XL)? [0-9A-F]{8}$",
        "NovelAI/novelai-image-metadata",
    ),
    Rule(
        "InvokeAI",
        r"invokeai_metadata|invokeai_graph|invokeai_workflow|sd-metadata",
        r"\S",
        "invoke-ai/InvokeAI, image metadata",
    ),
    Rule("InvokeAI", "Dream", r"(^|\s)-S\s?\d+", "invoke-ai/InvokeAI, image metadata before 3.0"),
    Rule("Fooocus", "fooocus_scheme", r"^(fooocus|a1111)$", "lllyasviel/Fooocus, meta_parser"),
    Rule("Fooocus", _COMMENT, r'\bVersion: Fooocus|"version": "Fooocus', "lllyasviel/Fooocus, meta_parser"),
    Rule("SwarmUI", _COMMENT, r'"sui_image_params"', "mcmonkeyprojects/SwarmUI, Image Metadata Format"),
    Rule("Draw Things", _PROGRAM, r"^Draw Things\b", "drawthings.ai, files it exports"),
    Rule(
        "Midjourney",
        _COMMENT,
        r"\bJob ID: [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
        "midjourney.com, files it offers for download",
    ),
    Rule("Midjourney", _PROGRAM, r"\bMidjourney\b", "midjourney.com"),
    Rule("Midjourney", _CREDIT, r"^\s*Midjourney(\s+v?\d[\d.]*)?\s*$", "midjourney.com"),
    Rule("OpenAI (DALL·E, ChatGPT, Sora)", _PROGRAM, r"\bOpenAI\b", _OPENAI),
    Rule("OpenAI (DALL·E, ChatGPT, Sora)", _CREDIT, r"^\s*OpenAI\s*$", _OPENAI),
    Rule("OpenAI (DALL·E, ChatGPT, Sora)", f"{_PROGRAM}|{_CREDIT}", r"\b(ChatGPT|DALL[·.\- ]?E)\b", _OPENAI),
    Rule("Adobe Firefly", f"{_PROGRAM}|{_CREDIT}", r"\bAdobe[_ ]Firefly\b", "contentcredentials of Firefly"),
    Rule(
        "FLUX (Black Forest Labs)", "Make", r"^Black Forest Labs", "black-forest-labs/flux, util.save_image"
    ),
    Rule(
        "FLUX (Black Forest Labs)",
        "Software",
        r"^AI generated;[^;]*;flux",
        "black-forest-labs/flux, util.save_image",
    ),
    Rule(
        "Google AI (Imagen, Gemini)",
        _CREDIT,
        r"\b(Made|Edited) with Google AI\b",
        "support.google.com, about this image",
    ),
    Rule(
        "Microsoft (Bing Image Creator, Designer)",
        f"{_PROGRAM}|{_CREDIT}",
        r"\b(Bing Image Creator|Microsoft Designer)\b",
        "blogs.microsoft.com, content credentials",
    ),
    Rule("Stability AI", _PROGRAM, r"\b(Stability AI|DreamStudio)\b", "stability.ai"),
    Rule("Stability AI", _CREDIT, r"^\s*Stability AI\s*$", "stability.ai"),
    Rule("an AI system", "AISystemUsed", r"\S", "IPTC Photo Metadata Standard 2025.1, AI System Used"),
    Rule(
        "an AI system",
        "AIPromptInformation",
        r"\S",
        "IPTC Photo Metadata Standard 2025.1, AI Prompt Information",
    ),
)
_COMPILED = tuple(
    (rule, re.compile(rf"(?:{rule.fields})(?:\[\d+\])?"), re.compile(rule.pattern)) for rule in RULES
)


def named(places: Mapping[str, Mapping[str, str]]) -> list[dict[str, str]]:
    """The programs that texts name, as {place, field, tool, says}; each once per field, at most 20.

    places: whole texts by place and field. Of each the first 64 K characters are searched.
    """
    found: list[dict[str, str]] = []
    for place, fields in places.items():
        for field, value in fields.items():
            for told in _in_field(field, value[:MAX_SEARCHED]):
                found.append({"place": place, "field": field} | told)
                if len(found) == MAX_FOUND:
                    return found
    return found


def _in_field(field: str, value: str) -> Iterator[dict[str, str]]:
    seen: set[str] = set()
    local = field.rsplit(":", 1)[-1]
    for rule, name, pattern in _COMPILED:
        hit = pattern.search(value) if rule.tool not in seen and name.fullmatch(local) else None
        if hit:
            seen.add(rule.tool)
            yield {"tool": rule.tool, "says": _around(value, hit), "source": rule.source}


def _around(value: str, hit: re.Match[str]) -> str:
    start = max(0, hit.start() - 20)
    return " ".join(value[start : start + MAX_SAID].split())
