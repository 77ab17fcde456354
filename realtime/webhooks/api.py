"""REST of webhooks."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.authentication import user_of
from accounts.idempotency import IdempotentPost
from accounts.permissions import CanExamine
from accounts.problems import Problem
from accounts.strict import StrictSerializer, known_query
from realtime.models import Webhook, WebhookDelivery
from realtime.webhooks import keeping
from realtime.webhooks.addresses import AddressRefused
from realtime.webhooks.serializers import (
    AskedSerializer,
    DeliveryQuery,
    DeliverySerializer,
    NewWebhookSerializer,
    RotationSerializer,
    WebhookSerializer,
)

_SECRET = {"Cache-Control": "no-store"}


class MayStop(CanExamine):
    """Whatever a role has become: what goes on in somebody's name they may end."""

    def has_permission(self, request: Request, view: object) -> bool:
        stops = request.method == "DELETE" or (
            request.method == "PATCH" and request.data == {"enabled": False}
        )
        return stops or super().has_permission(request, view)


class WebhookView(GenericAPIView):
    """For the signed-in, about their own webhooks only; writing is for analysts."""

    permission_classes = (IsAuthenticated, CanExamine)
    serializer_class: Any = WebhookSerializer

    def handle_exception(self, exc: Exception) -> Response:
        """What was refused, as a problem."""
        if isinstance(exc, AddressRefused):
            exc = ValidationError({"url": [ErrorDetail(str(exc), exc.code)]})
        elif isinstance(exc, keeping.BadTypes):
            exc = ValidationError({"types": [ErrorDetail(str(exc), exc.code)]})
        elif isinstance(exc, keeping.WebhookRefused):
            exc = Problem(409, exc.code, str(exc))
        return super().handle_exception(exc)

    def webhook(self, webhook_id: UUID) -> Webhook:
        """404 for missing and foreign alike."""
        found = keeping.find(user_of(self.request), webhook_id)
        if found is None:
            raise Http404
        return found

    def delivery(self, webhook: Webhook, delivery_id: int) -> WebhookDelivery:
        """404 for missing and foreign alike."""
        found = keeping.delivery_of(webhook, delivery_id)
        if found is None:
            raise Http404
        return found


class WebhooksView(IdempotentPost, WebhookView):
    """A user's webhooks."""

    once_only_fields = ("secret",)

    def get_queryset(self) -> QuerySet[Webhook]:
        """Newest first."""
        found: QuerySet[Webhook] = keeping.of(user_of(self.request))
        return found

    @extend_schema(responses=WebhookSerializer(many=True), operation_id="webhook_list")
    def get(self, request: Request) -> Response:
        """Your webhooks, newest first, without their secrets."""
        known_query(request)
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(WebhookSerializer(page, many=True).data)

    @extend_schema(
        request=WebhookSerializer, responses={201: NewWebhookSerializer}, operation_id="webhook_create"
    )
    def post(self, request: Request) -> Response:
        """Have events sent to an address from now on. The secret is in this answer and nowhere else."""
        known_query(request)
        given = _valid(WebhookSerializer(data=request.data))
        webhook, secret = keeping.create(
            user_of(request),
            given["url"],
            kinds=given.get("types", ()),
            description=given.get("description", ""),
            enabled=given.get("enabled", True),
        )
        headers = {**_SECRET, "Location": f"/api/v1/webhooks/{webhook.pk}/"}
        return Response({**WebhookSerializer(webhook).data, "secret": secret}, status=201, headers=headers)


class OneWebhookView(WebhookView):
    """One webhook."""

    permission_classes = (IsAuthenticated, MayStop)

    @extend_schema(operation_id="webhook_get")
    def get(self, request: Request, webhook_id: UUID) -> Response:
        """How it is set up and how it does."""
        known_query(request)
        return Response(WebhookSerializer(self.webhook(webhook_id)).data)

    @extend_schema(request=WebhookSerializer(partial=True), operation_id="webhook_change")
    def patch(self, request: Request, webhook_id: UUID) -> Response:
        """Change url, types, description or enabled; another url, and switching on, try at once what waits."""
        known_query(request)
        webhook = self.webhook(webhook_id)
        given = _valid(WebhookSerializer(webhook, data=request.data, partial=True))
        return Response(WebhookSerializer(keeping.change(webhook, **given)).data)

    @extend_schema(responses={204: None}, operation_id="webhook_delete")
    def delete(self, request: Request, webhook_id: UUID) -> Response:
        """Send it nothing any more, and forget its log of deliveries."""
        known_query(request)
        keeping.end(self.webhook(webhook_id))
        return Response(status=204)


class RotateView(IdempotentPost, WebhookView):
    """The secret of a webhook."""

    serializer_class = RotationSerializer
    once_only_fields = ("secret",)

    @extend_schema(
        request=RotationSerializer, responses={200: NewWebhookSerializer}, operation_id="webhook_rotate"
    )
    def post(self, request: Request, webhook_id: UUID) -> Response:
        """A new secret, in this answer and nowhere else; the one before signs too for a while."""
        known_query(request)
        webhook = self.webhook(webhook_id)
        given = _valid(RotationSerializer(data=request.data))
        secret = keeping.rotate(webhook, previous_seconds=given["previous_seconds"])
        return Response({**WebhookSerializer(webhook).data, "secret": secret}, headers=_SECRET)


class TestView(IdempotentPost, WebhookView):
    """Trying a webhook."""

    @extend_schema(request=None, responses={202: DeliverySerializer}, operation_id="webhook_test")
    def post(self, request: Request, webhook_id: UUID) -> Response:
        """Have a signed test (`webhook.tested`) sent, even while it is off; the delivery says what came back."""
        known_query(request)
        _nothing_in(request)
        asked = keeping.ask_for_test(self.webhook(webhook_id))
        return Response(DeliverySerializer(asked).data, status=202)


class DeliveriesView(WebhookView):
    """The log of deliveries."""

    serializer_class = DeliverySerializer

    @extend_schema(
        parameters=[DeliveryQuery],
        responses=DeliverySerializer(many=True),
        operation_id="webhook_deliveries",
    )
    def get(self, request: Request, webhook_id: UUID) -> Response:
        """What was sent and what came of it, newest first: 30 days, and 2000 at most."""
        known = [str(name) for name in DeliveryQuery().fields]
        given = known_query(request, *known)
        names = [name for name in known if name in given]
        wanted = _valid(DeliveryQuery(data={name: given[name] for name in names}))
        found = WebhookDelivery.objects.filter(webhook=self.webhook(webhook_id), **wanted).order_by("-id")
        return self.get_paginated_response(DeliverySerializer(self.paginate_queryset(found), many=True).data)


class DeliveryView(WebhookView):
    """One delivery."""

    serializer_class = DeliverySerializer

    @extend_schema(operation_id="webhook_delivery")
    def get(self, request: Request, webhook_id: UUID, delivery_id: int) -> Response:
        """What came of it."""
        known_query(request)
        return Response(DeliverySerializer(self.delivery(self.webhook(webhook_id), delivery_id)).data)


class RedeliverView(IdempotentPost, WebhookView):
    """Sending again."""

    serializer_class = AskedSerializer

    @extend_schema(request=None, responses={202: AskedSerializer}, operation_id="webhook_redeliver")
    def post(self, request: Request, webhook_id: UUID, delivery_id: int) -> Response:
        """Have the event of a delivery sent again, once; one that is still being tried is tried now."""
        known_query(request)
        _nothing_in(request)
        webhook = self.webhook(webhook_id)
        asked = keeping.ask_again(webhook, self.delivery(webhook, delivery_id))
        return Response(AskedSerializer(asked).data, status=202)


def _valid(serializer: serializers.Serializer[Any]) -> dict[str, Any]:
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _nothing_in(request: Request) -> None:
    _valid(StrictSerializer(data=request.data))
