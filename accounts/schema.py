"""How OpenAPI is told of our ways to sign in, and of the one shape every error has."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension

from accounts.problems import MEDIA_TYPE

_TEXT = {"type": "string"}
PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": _TEXT,
        "status": {"type": "integer"},
        "code": _TEXT,
        "detail": _TEXT,
        "instance": _TEXT,
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "detail"],
                "properties": {"field": _TEXT, "code": _TEXT, "detail": _TEXT},
            },
        },
    },
}


class TokenScheme(OpenApiAuthenticationExtension):
    """JWT or API key as a bearer token, or the API key in a header of its own."""

    target_class = "accounts.authentication.TokenAuthentication"
    name = ["bearer", "apiKey"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        """The two schemes."""
        return [
            {"type": "http", "scheme": "bearer", "description": "An access token or an API key."},
            {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        ]


class CookieScheme(OpenApiAuthenticationExtension):
    """The sign-in cookie of the pages."""

    target_class = "accounts.authentication.CookieAuthentication"
    name = "cookie"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        """The scheme."""
        return {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME}


def add_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Postprocessing hook: every operation may answer with a problem."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    answer = {
        "description": "A problem.",
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for address in result.get("paths", {}).values():
        for operation in address.values():
            if isinstance(operation, dict):
                operation.setdefault("responses", {})["default"] = answer
    return result
