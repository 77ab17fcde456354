"""How webhooks and their deliveries are written in REST."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from accounts.strict import StrictModelSerializer, StrictSerializer
from realtime.models import Webhook, WebhookDelivery
from realtime.webhooks import keeping, types
from realtime.webhooks.addresses import URL_LIMIT


class WebhookSerializer(StrictModelSerializer):
    """A webhook, without its secret."""

    url = serializers.CharField(
        max_length=URL_LIMIT, help_text="https:// or http://, on the public internet."
    )
    types = serializers.ListField(
        child=serializers.CharField(max_length=64),
        required=False,
        max_length=types.LIMIT,
        help_text="Event types, or beginnings such as `run.*`; empty for all.",
    )
    previous_secret_until = serializers.SerializerMethodField(
        help_text="Until then deliveries are signed with the secret before, too."
    )

    class Meta:
        model = Webhook
        fields = (
            "id",
            "url",
            "types",
            "description",
            "enabled",
            "disabled_reason",
            "failing_since",
            "rests_until",
            "previous_secret_until",
            "secret_readable",
            "created",
        )
        read_only_fields = (
            "id",
            "disabled_reason",
            "failing_since",
            "rests_until",
            "secret_readable",
            "created",
        )

    def get_previous_secret_until(self, webhook: Webhook) -> datetime | None:
        """The end of the secret before; null when there is none that is still good."""
        until = webhook.previous_until
        return until if until and until > timezone.now() else None


class NewWebhookSerializer(WebhookSerializer):
    """A new webhook; `secret` is shown this once."""

    secret = serializers.CharField(read_only=True, allow_null=True)

    class Meta(WebhookSerializer.Meta):
        fields = (*WebhookSerializer.Meta.fields, "secret")  # type: ignore[assignment]  # one more than the parent


class RotationSerializer(StrictSerializer):
    """How long the secret before stays good."""

    previous_seconds = serializers.IntegerField(
        required=False,
        default=keeping.PREVIOUS_SECONDS,
        min_value=0,
        max_value=keeping.LONGEST_PREVIOUS_SECONDS,
    )


class DeliverySerializer(StrictModelSerializer):
    """One attempt to send an event. `error` says why there is no status code."""

    class Meta:
        model = WebhookDelivery
        fields = (
            "id",
            "kind",
            "state",
            "event_id",
            "event_type",
            "topic",
            "seq",
            "attempt",
            "status_code",
            "error",
            "response",
            "duration_ms",
            "time",
        )
        read_only_fields = fields


class AskedSerializer(serializers.Serializer[Any]):
    """What was asked to be sent. `delivery` is null when the event is still being tried: it is tried now."""

    event_id = serializers.CharField()
    delivery = DeliverySerializer(allow_null=True)


class DeliveryQuery(StrictSerializer):
    """Filters of the log of deliveries."""

    state = serializers.ChoiceField(WebhookDelivery.State.choices, required=False)
    kind = serializers.ChoiceField(WebhookDelivery.Kind.choices, required=False)
    event_type = serializers.CharField(max_length=64, required=False)
    event_id = serializers.CharField(max_length=80, required=False)
    topic = serializers.UUIDField(required=False)
