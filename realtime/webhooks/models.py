"""What is kept of webhooks: the addresses, how far each is in every topic, and what was sent."""

import uuid

from django.conf import settings
from django.db import models
from django.utils import timezone

from realtime.webhooks import sealing


class Webhook(models.Model):
    """An address that is told of its owner's topics; only `realtime.webhooks.keeping` and deliveries change it.

    Secrets are stored sealed by the key named `sealed_with` (realtime.webhooks.sealing). `rests_until`: the
    receiver asked not to be called before. `disabled_reason` is empty when its owner switched it off.
    """

    class Disabled(models.TextChoices):
        GONE = "gone"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="webhooks")
    url = models.TextField()
    types = models.JSONField(default=list, blank=True)
    description = models.CharField(max_length=200, blank=True)
    secret = models.TextField(editable=False)
    previous_secret = models.TextField(blank=True, editable=False)
    previous_until = models.DateTimeField(null=True, blank=True)
    sealed_with = models.CharField(max_length=16, editable=False)
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=16, choices=Disabled.choices, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)
    rests_until = models.DateTimeField(null=True, blank=True)
    created = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        indexes = [models.Index(fields=["owner", "-created"], name="webhook_owner_created")]

    def __str__(self) -> str:
        return f"webhook {self.id}"

    @property
    def secret_readable(self) -> bool:
        """Whether this installation can sign; if not, nothing is sent until a new secret is made."""
        return self.sealed_with == sealing.key_name()


class WebhookPlace(models.Model):
    """How far a webhook is in a topic: everything up to `seq` was delivered, passed over or given up.

    due: when the next event is to be tried; None while nothing is known to wait. A topic without a place is
    at its beginning: those that were there before the webhook got one, at their head, when it was made.
    """

    id = models.BigAutoField(primary_key=True)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="places", db_index=False)
    # No constraint in the database: checking it would lock topics against whoever appends to them.
    topic = models.ForeignKey(
        "realtime.Topic", on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    seq = models.BigIntegerField(default=0)
    attempts = models.IntegerField(default=0)
    due = models.DateTimeField(null=True)
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["webhook", "topic"], name="webhook_place")]
        indexes = [
            models.Index("webhook", "due", name="webhook_place_due", condition=models.Q(due__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"place {self.webhook_id} in {self.topic_id} at {self.seq}"


class WebhookDelivery(models.Model):
    """One attempt to send; kept for a while. One that waits was asked for by a person and is sent once.

    `topic` is no foreign key: what was sent stays on record when the topic is deleted.
    """

    class Kind(models.TextChoices):
        EVENT = "event"
        REDELIVERY = "redelivery"
        TEST = "test"

    class State(models.TextChoices):
        WAITING = "waiting"
        SUCCEEDED = "succeeded"
        FAILED = "failed"

    id = models.BigAutoField(primary_key=True)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.EVENT)
    state = models.CharField(max_length=12, choices=State.choices)
    event_id = models.CharField(max_length=80)
    event_type = models.CharField(max_length=64)
    topic = models.UUIDField(null=True)
    seq = models.BigIntegerField(null=True)
    attempt = models.IntegerField(default=1)
    status_code = models.IntegerField(null=True)
    error = models.CharField(max_length=32, blank=True)
    response = models.CharField(max_length=500, blank=True)
    duration_ms = models.IntegerField(null=True)
    time = models.DateTimeField(default=timezone.now)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["webhook", "-id"], name="webhook_delivery_newest"),
            models.Index(fields=["time"], name="webhook_delivery_time"),
            models.Index("id", name="webhook_delivery_waiting", condition=models.Q(state="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.event_id} to {self.webhook_id}: {self.state}"
