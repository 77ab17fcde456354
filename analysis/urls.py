"""Addresses of analysis: pages, REST, and those of existing clients."""

from django.urls import URLPattern, URLResolver, include, path

from analysis.api import kept_urls

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("analysis.api.urls")),
    *kept_urls.urlpatterns,
    path("", include("analysis.page_urls")),
]
