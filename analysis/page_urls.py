"""Addresses of the pages people see."""

from django.urls import path

from analysis import footage_pages, job_pages, pages

urlpatterns = [
    path("", pages.DropPage.as_view(), name="drop"),
    path("samples/<str:file>/", pages.examine_sample, name="sample"),
    path("runs/", pages.HistoryPage.as_view(), name="history"),
    path("runs/<uuid:run_id>/", pages.RunPage.as_view(), name="run"),
    path("runs/<uuid:run_id>/cancel/", pages.cancel, name="run-cancel"),
    path("runs/<uuid:run_id>/retry/", pages.retry, name="run-retry"),
    path("runs/<uuid:run_id>/again/", pages.examine_again, name="run-again"),
    path("runs/<uuid:run_id>/stress/", pages.stress, name="run-stress"),
    path("runs/<uuid:run_id>/pulse/", pages.pulse, name="run-pulse"),
    path("runs/<uuid:run_id>/footage/<int:seq>/", footage_pages.record, name="run-footage"),
    path("runs/<uuid:run_id>/footage/<int:seq>/snapshot/", footage_pages.snapshot, name="run-snapshot"),
    path("jobs/", job_pages.JobsPage.as_view(), name="jobs"),
    path("jobs/<uuid:job_id>/", job_pages.JobPage.as_view(), name="job"),
    path("detectors/", pages.DetectorsPage.as_view(), name="detectors"),
    path("sockets/", pages.SocketsPage.as_view(), name="sockets"),
    path("operations/", pages.OperationsPage.as_view(), name="operations"),
]
