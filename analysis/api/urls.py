"""Addresses of the REST interface of analysis."""

from django.urls import URLPattern, URLResolver, path

from analysis.api import detectors, events, evidence, media, operations, plate_searches, runs, traces, uploads

urlpatterns: list[URLPattern | URLResolver] = [
    path("media/", media.MediaListView.as_view()),
    path("media/<uuid:media_id>/", media.MediaView.as_view()),
    path("media/<uuid:media_id>/file/", media.MediaFileView.as_view()),
    path("uploads/", uploads.UploadListView.as_view()),
    path("uploads/<uuid:upload_id>/", uploads.UploadView.as_view()),
    path("runs/", runs.RunListView.as_view()),
    path("runs/<uuid:run_id>/", runs.RunView.as_view()),
    path("runs/<uuid:run_id>/cancel/", runs.CancelView.as_view()),
    path("runs/<uuid:run_id>/retry/", runs.RetryView.as_view()),
    path("runs/<uuid:run_id>/recompute/", traces.RecomputeView.as_view()),
    path("runs/<uuid:run_id>/heatmap/", traces.HeatmapView.as_view()),
    path("runs/<uuid:run_id>/traces/", traces.RunTraceListView.as_view()),
    path("traces/<uuid:trace_id>/", traces.TraceView.as_view()),
    path("runs/<uuid:run_id>/events/", runs.RunEventsView.as_view()),
    path("runs/<uuid:run_id>/evidence/", evidence.RunEvidenceView.as_view()),
    path("events/", events.EventListView.as_view()),
    path("events/stats/", events.EventStatsView.as_view()),
    path("events/<int:event_id>/", events.EventView.as_view()),
    path("events/<int:event_id>/snapshot/", events.EventSnapshotView.as_view()),
    path("plate-searches/", plate_searches.PlateSearchListView.as_view()),
    path("runs/<uuid:run_id>/stream/", runs.RunStreamView.as_view()),
    path("detectors/", detectors.DetectorListView.as_view()),
    path("detectors/<str:name>/base-rate/", detectors.BaseRateView.as_view()),
    path("evidence/<uuid:evidence_id>/", evidence.EvidenceView.as_view()),
    path("evidence/<uuid:evidence_id>/data/", evidence.EvidenceDataView.as_view()),
    path("operations/", operations.OperationsView.as_view()),
]
