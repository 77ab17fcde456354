"""How REST asks for a verdict to be stressed, and answers what came of it."""

from typing import Any

from django.conf import settings
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from accounts.strict import StrictSerializer

MOST_SECONDS = 3600

_SCORE = {
    "type": "object",
    "required": ["detector", "title", "before", "after", "crossed"],
    "properties": {
        "detector": {"type": "string"},
        "title": {"type": "string"},
        "before": {"type": "number", "minimum": 0, "maximum": 1},
        "after": {
            "oneOf": [
                {
                    "type": "object",
                    "required": ["kind", "score", "band"],
                    "properties": {
                        "kind": {"type": "string", "enum": ["verdict"]},
                        "score": {"type": "number", "minimum": 0, "maximum": 1},
                        "band": {"type": "string"},
                    },
                },
                {
                    "type": "object",
                    "required": ["kind", "reason", "detail"],
                    "properties": {
                        "kind": {"type": "string", "enum": ["not_assessed"]},
                        "reason": {"type": "string"},
                        "detail": {"type": "string"},
                    },
                },
            ]
        },
        "crossed": {"type": "boolean"},
    },
}
_VARIANT = {
    "type": "object",
    "required": ["variant", "title", "state", "not_run", "detail", "scores", "seconds"],
    "properties": {
        "variant": {"type": "string"},
        "title": {"type": "string"},
        "state": {"type": "string", "enum": ["held", "flipped", "not_tested", "no_score", "not_run"]},
        "not_run": {"type": "string", "nullable": True, "enum": ["budget", "failed", None]},
        "detail": {"type": "string", "nullable": True},
        "outcome_before": {"type": "string", "nullable": True},
        "outcome_after": {"type": "string", "nullable": True},
        "scores": {"type": "array", "items": _SCORE},
        "seconds": {"type": "number"},
    },
}
STRESS = {
    "type": "object",
    "nullable": True,
    "required": ["sentence", "budget_seconds", "portion_seconds", "flipped", "held", "variants", "left_out"],
    "properties": {
        "sentence": {"type": "string"},
        "budget_seconds": {"type": "number"},
        "portion_seconds": {"type": "number", "nullable": True},
        "flipped": {"type": "boolean"},
        "held": {"type": "integer"},
        "variants": {"type": "array", "items": _VARIANT},
        "left_out": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detector", "why"],
                "properties": {"detector": {"type": "string"}, "why": {"type": "string"}},
            },
        },
        "not_run": {"type": "string", "nullable": True},
    },
}


class StressOptions(StrictSerializer):
    """Options of every examination that is asked for; valid data hold `stress_seconds` alone, None: not asked for."""

    stress = serializers.BooleanField(
        required=False,
        default=False,
        help_text="true: examine altered copies too; a score that flips makes the outcome inconclusive.",
    )
    stress_seconds = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_SECONDS,
        help_text="How long altered copies may take. Needs stress=true; default: the desk's setting.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuses what could not be kept, and settles how long it may take."""
        asked = attrs.pop("stress", False)
        seconds = attrs.pop("stress_seconds", None)
        if seconds is not None and not asked:
            raise ValidationError({"stress_seconds": ["Send stress=true too: nothing would be stressed."]})
        if asked and not attrs.get("analyze", True):
            raise ValidationError({"stress": ["With analyze=false there is no verdict to stress."]})
        return attrs | {"stress_seconds": (seconds or settings.STRESS_SECONDS) if asked else None}
