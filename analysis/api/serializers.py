"""How media, runs, results, evidence and detectors are written in REST."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from accounts.strict import StrictModelSerializer, StrictSerializer
from analysis.api.stressing import STRESS, StressOptions
from analysis.calibrations import calibration_fields
from analysis.models import DetectorCard, Evidence, Media, Result, Run

_COVERAGE = {
    "type": "object",
    "required": ["scored", "sampled", "unit"],
    "properties": {
        "scored": {"type": "integer", "nullable": True},
        "sampled": {"type": "integer", "nullable": True},
        "unit": {"type": "string"},
    },
}
_VERDICT = {
    "type": "object",
    "required": ["kind", "score", "band", "calibrated", "coverage"],
    "properties": {
        "kind": {"type": "string", "enum": ["verdict"]},
        "score": {"type": "number", "minimum": 0, "maximum": 1},
        "band": {"type": "string"},
        "calibrated": {"type": "boolean"},
        "coverage": _COVERAGE,
    },
}
_NOT_ASSESSED = {
    "type": "object",
    "required": ["kind", "reason", "detail"],
    "properties": {
        "kind": {"type": "string", "enum": ["not_assessed"]},
        "reason": {"type": "string"},
        "detail": {"type": "string"},
    },
}


@extend_schema_field(
    {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "maxItems": 200}]}
)
class DetectorNames(serializers.Field):
    """Names of detectors, as a list or separated by commas; each must be known."""

    def to_internal_value(self, data: Any) -> list[str]:
        """The names, each once, in the order given."""
        if isinstance(data, str):
            data = data.split(",")
        if not isinstance(data, list) or not all(isinstance(name, str) for name in data) or len(data) > 200:
            raise ValidationError("Give names of detectors, separated by commas.")
        names = list(dict.fromkeys(name.strip() for name in data if name.strip()))
        known = set(DetectorCard.objects.values_list("name", flat=True)) if names else set()
        for name in names:
            if name not in known:
                allowed = ", ".join(sorted(known)) or "none, because no worker has started yet"
                raise ValidationError(
                    ErrorDetail(f"No detector {name[:64]!r}. Known: {allowed}.", "unknown_detector")
                )
        return names

    def to_representation(self, value: list[str]) -> list[str]:
        """The names."""
        return value


class MediaFormSerializer(StressOptions):
    """An upload in one go."""

    file = serializers.FileField(max_length=None, help_text="The original file, byte for byte.")
    detectors = DetectorNames(
        required=False, default=list, help_text="Names, comma separated; empty: all usual."
    )
    analyze = serializers.BooleanField(
        required=False, default=True, help_text="false: keep it, start no run."
    )
    description = serializers.CharField(required=False, default="", allow_blank=True, max_length=10_000)


class AnalyzeFormSerializer(StrictSerializer):
    """An upload as clients of `/analyze` send it."""

    media = serializers.FileField(source="file", max_length=None)
    model = DetectorNames(source="detectors", required=False, default=list)
    mediaId = serializers.CharField(  # noqa: N815  # the name on the wire
        source="external_id", required=False, default="", allow_blank=True, max_length=200
    )
    userId = serializers.CharField(  # noqa: N815  # as above
        source="user_label", required=False, default="", allow_blank=True, max_length=200
    )


class RunReferenceSerializer(StrictModelSerializer):
    """A run, in brief, as part of its media."""

    topic = serializers.UUIDField(source="topic_id", read_only=True)
    head = serializers.IntegerField(source="topic.head", read_only=True)

    class Meta:
        model = Run
        fields = ("id", "topic", "head", "state", "outcome")
        read_only_fields = fields


class MediaSerializer(StrictModelSerializer):
    """One stored file. `run` is its latest run that is known here; `duplicates` are other media of the same bytes."""

    duplicates = serializers.SerializerMethodField()
    run = serializers.SerializerMethodField()
    owner = serializers.CharField(source="owner.email", read_only=True)

    class Meta:
        model = Media
        fields = (
            "id",
            "sha256",
            "size_bytes",
            "kind",
            "filename",
            "media_type",
            "description",
            "external_id",
            "owner",
            "facts",
            "created",
            "duplicates",
            "run",
        )
        read_only_fields = tuple(name for name in fields if name != "description")
        extra_kwargs = {"description": {"max_length": 10_000}}

    def get_duplicates(self, media: Media) -> list[str]:
        """Ids of other media with the same bytes that the asking user may see."""
        return [str(other) for other in self.context["duplicates"].get(media.pk, [])]

    @extend_schema_field(RunReferenceSerializer(allow_null=True))
    def get_run(self, media: Media) -> dict[str, Any] | None:
        """The latest run."""
        run = self.context["runs"].get(media.pk)
        return None if run is None else dict(RunReferenceSerializer(run).data)


class NewRunSerializer(StressOptions):
    """An examination to start."""

    media = serializers.UUIDField()
    detectors = DetectorNames(required=False, default=list)


class RunSummarySerializer(StrictModelSerializer):
    """A run in a list."""

    media = serializers.UUIDField(source="media_id", read_only=True, allow_null=True)
    camera = serializers.UUIDField(source="camera_id", read_only=True, allow_null=True)
    filename = serializers.CharField(source="title", read_only=True, help_text="The key of a camera.")
    kind = serializers.CharField(read_only=True, help_text="video, image, audio or camera")
    owner = serializers.CharField(source="owner.email", read_only=True)
    attempt = serializers.IntegerField(source="lease.attempt", read_only=True)
    topic = serializers.UUIDField(source="topic_id", read_only=True)
    head = serializers.IntegerField(source="topic.head", read_only=True)
    purpose = serializers.CharField(read_only=True)
    sentence = serializers.SerializerMethodField()
    seen = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    error_code = serializers.SerializerMethodField()

    class Meta:
        model = Run
        fields: tuple[str, ...] = (
            "id",
            "media",
            "camera",
            "filename",
            "kind",
            "owner",
            "purpose",
            "detectors",
            "state",
            "attempt",
            "topic",
            "head",
            "outcome",
            "sentence",
            "seen",
            "error",
            "error_code",
            "created",
            "started",
            "finished",
        )

    def get_sentence(self, run: Run) -> str | None:
        """What the run says, once it says something."""
        return run.sentence or None

    def get_seen(self, run: Run) -> str | None:
        """What footage detectors saw, as counts; no part of the outcome, and no plate is spelt."""
        return run.seen or None

    def get_error(self, run: Run) -> str | None:
        """Why it failed."""
        return run.error_message or None

    def get_error_code(self, run: Run) -> str | None:
        """The same for programs."""
        return run.error_code or None


def evidence_of(run: Run) -> QuerySet[Evidence]:
    """That of the latest attempt, in the order it was made, without its data."""
    return run.evidence.filter(attempt=run.lease.attempt).order_by("created", "pk").defer("data")


class EvidenceSerializer(StrictModelSerializer):
    """A picture a detector left; its bytes are at `address`, what it was drawn from is at `data_address`.

    `plot` names the form of that data: curves, spectrogram, map or strip; null where there is the picture alone.
    """

    address = serializers.SerializerMethodField()
    data_address = serializers.SerializerMethodField()
    plot = serializers.SerializerMethodField()
    box = serializers.ListField(child=serializers.FloatField(), allow_null=True, read_only=True)

    class Meta:
        model = Evidence
        fields: tuple[str, ...] = (
            "id",
            "detector",
            "kind",
            "title",
            "caption",
            "media_type",
            "sha256",
            "plot",
            "begins_seconds",
            "ends_seconds",
            "box",
            "address",
            "data_address",
        )
        read_only_fields = fields

    def get_address(self, evidence: Evidence) -> str:
        """Where the bytes are."""
        return f"/api/v1/evidence/{evidence.pk}/"

    def get_data_address(self, evidence: Evidence) -> str:
        """Where the same is as data."""
        return f"/api/v1/evidence/{evidence.pk}/data/"

    @extend_schema_field(
        {"type": "string", "enum": ["curves", "spectrogram", "map", "strip"], "nullable": True}
    )
    def get_plot(self, evidence: Evidence) -> str | None:
        """The form of the data."""
        return evidence.plot or None


class EvidenceDataSerializer(EvidenceSerializer):
    """A piece of evidence with what it was drawn from; `data` is null where there is the picture alone."""

    # a field, and no attribute: the metaclass takes it out of the class
    data = serializers.JSONField(allow_null=True, read_only=True)  # type: ignore[assignment]

    class Meta(EvidenceSerializer.Meta):
        fields = (*EvidenceSerializer.Meta.fields, "data")
        read_only_fields = fields


class ResultSerializer(StrictModelSerializer):
    """What one detector concluded: a verdict with a score, or a reason and no score anywhere."""

    assessment = serializers.SerializerMethodField()

    class Meta:
        model = Result
        fields = ("detector", "version", "family", "weights_sha256", "assessment", "facts", "seconds")
        read_only_fields = fields

    @extend_schema_field({"oneOf": [_VERDICT, _NOT_ASSESSED]})
    def get_assessment(self, result: Result) -> dict[str, object]:
        """Either kind of assessment."""
        if result.score is None:
            return {"kind": "not_assessed", "reason": result.reason, "detail": result.detail}
        coverage = {"scored": result.scored, "sampled": result.sampled, "unit": result.unit}
        return {
            "kind": "verdict",
            "score": result.score,
            "band": result.band,
            "calibrated": result.band != "uncalibrated",
            "coverage": coverage,
        }


class RunSerializer(RunSummarySerializer):
    """A run with everything it says."""

    why = serializers.SerializerMethodField()
    limit = serializers.SerializerMethodField()
    stress_seconds = serializers.IntegerField(allow_null=True, read_only=True)
    stress = serializers.SerializerMethodField()
    results = serializers.SerializerMethodField()
    evidence = serializers.SerializerMethodField()

    class Meta(RunSummarySerializer.Meta):
        fields = (
            *RunSummarySerializer.Meta.fields,
            "why",
            "limit",
            "stress_seconds",
            "stress",
            "results",
            "evidence",
        )

    def get_why(self, run: Run) -> str | None:
        """One sentence: what the outcome rests on."""
        return run.why or None

    def get_limit(self, run: Run) -> str | None:
        """One sentence: what it does not say."""
        return run.limit or None

    @extend_schema_field(STRESS)
    def get_stress(self, run: Run) -> dict[str, Any] | None:
        """How its verdict bore altered copies; null where that was not asked for, or the run has not ended."""
        stress: dict[str, Any] | None = run.stress
        return stress

    @extend_schema_field(ResultSerializer(many=True))
    def get_results(self, run: Run) -> list[dict[str, Any]]:
        """Of the latest attempt."""
        results = run.results.filter(attempt=run.lease.attempt).order_by("pk")
        return list(ResultSerializer(results, many=True).data)

    @extend_schema_field(EvidenceSerializer(many=True))
    def get_evidence(self, run: Run) -> list[dict[str, Any]]:
        """Of the latest attempt."""
        evidence = evidence_of(run)
        return list(EvidenceSerializer(evidence, many=True).data)


class DetectorSerializer(StrictModelSerializer):
    """A detector's card, as the workers last saw it."""

    class Meta:
        model = DetectorCard
        fields = ("name", "available", "reason", "updated")
        read_only_fields = fields

    def to_representation(self, instance: DetectorCard) -> dict[str, Any]:
        """The card's own fields, then whether a worker can run it and why not, and what was measured of it."""
        state = {
            "name": instance.name,
            "available": instance.available,
            "reason": instance.reason or None,
            "updated": serializers.DateTimeField().to_representation(instance.updated),
            "calibration": calibration_fields(
                instance.card, self.context.get("calibrations", {}).get(instance.name)
            ),
        }
        return instance.card | state


class BaseRateSerializer(StrictSerializer):
    """The worth of a flag. Share and range are null where the detector flagged nothing when it was calibrated."""

    detector = serializers.CharField()
    calibration = serializers.CharField(help_text="Digest of the calibration used.")
    base_rate = serializers.FloatField()
    found_rate = serializers.FloatField(help_text="Of manipulated files, the share it flags.")
    false_positive_rate = serializers.FloatField()
    manipulated_share = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
