"""Input that is refused rather than ignored: an ignored field is a lost promise."""

import json
import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http.request import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ParseError, ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request

from accounts.problems import MOST_ERRORS

# An escape for half of a pair: together they are one character, alone nothing that can be stored or answered.
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class StrictSerializer(serializers.Serializer[Any]):
    """A serializer that refuses fields it does not know, and fields that cannot be set."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            self._refuse_unknown(data)
        return super().to_internal_value(data)

    def _refuse_unknown(self, data: Mapping[str, Any]) -> None:
        writable = {name for name, field in self.fields.items() if not field.read_only}
        unknown = [name for name in data if name not in writable and name != "csrfmiddlewaretoken"]
        if unknown:
            raise ValidationError({name: [_refusal(name, writable)] for name in unknown[:MOST_ERRORS]})


class StrictModelSerializer(StrictSerializer, serializers.ModelSerializer[Any]):
    """The same for a model."""


class BoundedJSONParser(JSONParser):
    """JSON that must be an object or a list, of a sane depth and size.

    REST framework reads a JSON body without looking at DATA_UPLOAD_MAX_MEMORY_SIZE; this does.
    """

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(limit + 1)
        if len(body) > limit:
            raise RequestDataTooBig
        try:
            data = self._read(body, media_type, parser_context)
        except RecursionError as error:
            raise ParseError("JSON parse error - nested too deeply.") from error
        if not isinstance(data, dict | list):
            raise ParseError("The body must be a JSON object.")
        return data

    def _read(self, body: bytes, media_type: Any, parser_context: Any) -> Any:
        return super().parse(BytesIO(body), media_type, parser_context)


class StrictJSONParser(BoundedJSONParser):
    """The same, refusing texts that no database stores and no answer can say."""

    def _read(self, body: bytes, media_type: Any, parser_context: Any) -> Any:
        data = super()._read(body, media_type, parser_context)
        try:
            if _SURROGATE.search(body):
                json.dumps(data, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise ParseError("JSON parse error - a text has half of a surrogate pair.") from error
        return data


def known_query(request: Request, *names: str, paged: bool = True) -> QueryDict:
    """The query parameters; raises ValidationError when one is not in `names` (nor of paging, where that is)."""
    known = {*names, "format"} | ({"page", "page_size"} if paged else set())
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        raise ValidationError({name: [_refusal(name, known - {"format"})] for name in unknown[:MOST_ERRORS]})
    return request.query_params


def _refusal(name: str, known: set[str]) -> ErrorDetail:
    allowed = ", ".join(sorted(known)) or "none"
    return ErrorDetail(f"Unknown field. Known here: {allowed}.", "unknown_field")
