"""Addresses of analysis: pages and REST."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("analysis.api.urls")),
    path("", include("analysis.page_urls")),
]
