"""Every address of the product."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from config import health
from config.metrics import MetricsView

urlpatterns = [
    # one door, with one limit on guesses
    path("admin/login/", RedirectView.as_view(pattern_name="sign-in", query_string=True)),
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("", include("realtime.urls")),
    path("", include("analysis.urls")),
    re_path(r"^health(?:/live)?/?$", health.live),
    re_path(r"^health/ready/?$", health.ready),
    re_path(r"^ws/health/?$", health.sockets),
    re_path(r"^metrics/?$", MetricsView.as_view()),
]

handler400 = "accounts.problems.bad_request"
handler403 = "accounts.problems.permission_denied"
handler404 = "accounts.problems.page_not_found"
handler500 = "accounts.problems.server_error"
