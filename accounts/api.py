"""REST of accounts: tokens, socket tickets, API keys."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import credentials, guard, tokens
from accounts.authentication import CHALLENGE, credential_of, user_of
from accounts.idempotency import IdempotentPost
from accounts.models import Credential
from accounts.permissions import NotByAPIKey
from accounts.problems import Problem
from accounts.strict import StrictModelSerializer, StrictSerializer

_SECRET = {"Cache-Control": "no-store"}


class SignInSerializer(StrictSerializer):
    """What a program signs in with."""

    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=1024, trim_whitespace=False, style={"input_type": "password"})


class PairSerializer(StrictSerializer):
    """An access token (5 minutes) and the refresh token (7 days) for the next pair."""

    access = serializers.CharField()
    refresh = serializers.CharField()


class RefreshSerializer(StrictSerializer):
    """A refresh token."""

    refresh = serializers.CharField(max_length=4096)


class TicketSerializer(StrictSerializer):
    """A ticket for one socket."""

    ticket = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds.")


class APIKeySerializer(StrictModelSerializer):
    """An API key, without its text."""

    class Meta:
        model = Credential
        fields = ("id", "name", "created", "last_used", "expires")
        read_only_fields = ("id", "created", "last_used")
        extra_kwargs = {"name": {"required": True, "allow_blank": False}}

    def validate_expires(self, expires: datetime | None) -> datetime | None:
        """A key that never lets anybody in is a mistake."""
        if expires is not None and expires <= timezone.now():
            raise serializers.ValidationError("A key must end in the future.", "past")
        return expires


class NewAPIKeySerializer(APIKeySerializer):
    """A new API key; `key` is shown this once."""

    key = serializers.CharField(read_only=True, allow_null=True)

    class Meta(APIKeySerializer.Meta):
        fields = (*APIKeySerializer.Meta.fields, "key")  # type: ignore[assignment]  # one field more than the parent


class _OpenView(APIView):
    """For who has not signed in yet; on purpose."""

    authentication_classes = ()
    permission_classes = ()


class TokenView(_OpenView):
    """Signing in."""

    @extend_schema(request=SignInSerializer, responses={200: PairSerializer}, operation_id="auth_token")
    def post(self, request: Request) -> Response:
        """Sign a program in with e-mail and password."""
        given = _valid(SignInSerializer, request)
        user = guard.check_password(request._request, **given)
        pair = tokens.start_family(user, name=request.headers.get("User-Agent", ""))
        return _pair(pair)


class TokenRefreshView(_OpenView):
    """Staying signed in."""

    @extend_schema(request=RefreshSerializer, responses={200: PairSerializer}, operation_id="auth_refresh")
    def post(self, request: Request) -> Response:
        """The next pair of tokens. The refresh token is used up; using it twice ends the sign-in."""
        try:
            pair = tokens.rotate(_valid(RefreshSerializer, request)["refresh"])
        except tokens.TokenRefused as refused:
            raise _refused(refused) from refused
        return _pair(pair)


class TokenBlacklistView(_OpenView):
    """Signing out."""

    @extend_schema(request=RefreshSerializer, responses={200: None}, operation_id="auth_blacklist")
    def post(self, request: Request) -> Response:
        """End a sign-in: its tokens and its sockets, at once."""
        try:
            tokens.end_family(_valid(RefreshSerializer, request)["refresh"])
        except tokens.TokenRefused as refused:
            raise _refused(refused) from refused
        return Response({})


class TicketView(APIView):
    """Tickets for sockets."""

    @extend_schema(request=None, responses={201: TicketSerializer}, operation_id="auth_ws_ticket")
    def post(self, request: Request) -> Response:
        """A ticket that lets one socket in (`?ticket=`), once, within 30 seconds."""
        body = {
            "ticket": credentials.issue_ticket(credential_of(request)),
            "expires_in": credentials.TICKET_SECONDS,
        }
        return Response(body, status=201, headers=_SECRET)


class APIKeysView(IdempotentPost, GenericAPIView[Credential]):
    """A user's API keys."""

    permission_classes = (IsAuthenticated, NotByAPIKey)
    serializer_class = APIKeySerializer
    once_only_fields = ("key",)

    def get_queryset(self) -> Any:
        """The live keys of who asks, newest first."""
        return credentials.live_of(user_of(self.request), Credential.Kind.API_KEY)

    @extend_schema(operation_id="auth_api_keys_list")
    def get(self, request: Request) -> Response:
        """Your API keys, without their text."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(APIKeySerializer(page, many=True).data)

    @extend_schema(
        request=APIKeySerializer, responses={201: NewAPIKeySerializer}, operation_id="auth_api_keys_create"
    )
    def post(self, request: Request) -> Response:
        """Make an API key. Its text is in this answer and nowhere else."""
        given = _valid(APIKeySerializer, request)
        credential, key = credentials.issue_api_key(user_of(request), **given)
        body = {**APIKeySerializer(credential).data, "key": key}
        return Response(body, status=201, headers=_SECRET)


class APIKeyView(APIView):
    """One API key."""

    permission_classes = (IsAuthenticated, NotByAPIKey)

    @extend_schema(responses={204: None}, operation_id="auth_api_keys_delete")
    def delete(self, request: Request, key_id: UUID) -> Response:
        """End an API key."""
        held = credentials.live_of(user_of(request), Credential.Kind.API_KEY)
        credentials.revoke(get_object_or_404(held, pk=key_id))
        return Response(status=204)


def _valid(kind: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    serializer = kind(data=request.data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def _pair(pair: tokens.Pair) -> Response:
    return Response({"access": pair.access, "refresh": pair.refresh}, headers=_SECRET)


def _refused(refused: tokens.TokenRefused) -> Problem:
    return Problem(401, refused.code, str(refused), headers={"WWW-Authenticate": CHALLENGE})
