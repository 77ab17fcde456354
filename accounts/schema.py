"""How OpenAPI is told of what holds everywhere: the ways to sign in, the one shape of errors, writes done once."""

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from accounts.idempotency import HEADER, KEY_LIMIT, IdempotentPost
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


ONCE = OpenApiParameter(
    HEADER,
    {"type": "string", "minLength": 1, "maxLength": KEY_LIMIT},
    OpenApiParameter.HEADER,
    description="Sent again with the same key within 24 hours, the request is done once and answered alike.",
)


class ViewSchema(AutoSchema):
    """What is said of a view, and the header that every creating write takes."""

    def get_override_parameters(self) -> list[Any]:
        """The parameters a view names, and ours."""
        named: list[Any] = super().get_override_parameters()
        once = self.method == "POST" and isinstance(self.view, IdempotentPost)
        return [*named, ONCE] if once else named


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


def in_openapi_3_0(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """What pydantic says in words of JSON Schema 2020-12, said in those of OpenAPI 3.0."""
    for schema in result["components"]["schemas"].values():
        _translate(schema)
    return result


def _translate(node: Any) -> None:
    if isinstance(node, list):
        for one in node:
            _translate(one)
    if not isinstance(node, dict):
        return
    for one in node.values():
        _translate(one)
    kinds = node.get("anyOf")
    if isinstance(kinds, list) and {"type": "null"} in kinds:
        others = [kind for kind in kinds if kind != {"type": "null"}]
        node |= {"anyOf": others, "nullable": True}
        if len(others) == 1 and "$ref" not in others[0]:
            node |= others[0]
            del node["anyOf"]
    # there, an excluded bound is a mark on the bound
    for bound in ("minimum", "maximum"):
        excluded = f"exclusive{bound.capitalize()}"
        if isinstance(node.get(excluded), int | float) and not isinstance(node[excluded], bool):
            node.update({bound: node[excluded], excluded: True})


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
