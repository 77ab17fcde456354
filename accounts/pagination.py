"""Lists in pages: `{count, page, page_size, results}`."""

from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.pagination import PageNumberPagination
from rest_framework.response import Response


class Pages(PageNumberPagination):
    """`?page=` from 1, `?page_size=` 50 and at most 500. A page beyond the last is 404."""

    page_size = 50
    max_page_size = 500
    page_size_query_param = "page_size"

    page: Any
    request: Any

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "count": self.page.paginator.count,
                "page": self.page.number,
                "page_size": self.get_page_size(self.request),
                "results": data,
            }
        )

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        whole = {"type": "integer"}
        properties = {"count": whole, "page": whole, "page_size": whole}
        return {
            "type": "object",
            "required": ["count", "page", "page_size", "results"],
            "properties": {**properties, "results": schema},
        }

    def get_page_number(self, request: Any, paginator: Any) -> int:
        number = request.query_params.get(self.page_query_param) or "1"
        if not number.isdecimal() or not 1 <= int(number[:9]) <= 10_000_000:
            raise NotFound(f"There is no page {number[:20]!r}; pages are numbered from 1.")
        return int(number)
