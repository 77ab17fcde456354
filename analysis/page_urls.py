"""Addresses of the pages people see."""

from django.urls import path

from analysis import alert_pages, camera_pages, footage_pages, hold_pages, job_pages, pages, retention_pages

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
    path("cameras/", camera_pages.CamerasPage.as_view(), name="cameras"),
    path("new-camera/", camera_pages.NewCameraPage.as_view(), name="camera-new"),
    path("cameras/<str:key>/", camera_pages.OneCameraPage.as_view(), name="camera"),
    path("cameras/<str:key>/edit/", camera_pages.EditCameraPage.as_view(), name="camera-edit"),
    path("cameras/<str:key>/zones/", camera_pages.ZonesPage.as_view(), name="camera-zones"),
    path("cameras/<str:key>/retention/", retention_pages.RetentionPage.as_view(), name="camera-retention"),
    path("cameras/<str:key>/delete/", camera_pages.DeleteCameraPage.as_view(), name="camera-delete"),
    path("cameras/<str:key>/enable/", camera_pages.enable, name="camera-enable"),
    path("cameras/<str:key>/disable/", camera_pages.disable, name="camera-disable"),
    path("alerts/", alert_pages.AlertsPage.as_view(), name="alerts"),
    path("alerts/rules/", alert_pages.RulesPage.as_view(), name="alert-rules"),
    path("alerts/rules/new/", alert_pages.NewRulePage.as_view(), name="alert-rule-new"),
    path("alerts/rules/<uuid:rule_id>/", alert_pages.EditRulePage.as_view(), name="alert-rule"),
    path(
        "alerts/rules/<uuid:rule_id>/delete/", alert_pages.DeleteRulePage.as_view(), name="alert-rule-delete"
    ),
    path("alerts/rules/<uuid:rule_id>/enable/", alert_pages.enable, name="alert-rule-enable"),
    path("alerts/rules/<uuid:rule_id>/disable/", alert_pages.disable, name="alert-rule-disable"),
    path("alerts/watchlist/", alert_pages.WatchlistPage.as_view(), name="watched-plates"),
    path(
        "alerts/watchlist/<uuid:plate_id>/delete/",
        alert_pages.DeleteWatchedPage.as_view(),
        name="watched-plate-delete",
    ),
    path("holds/", hold_pages.HoldsPage.as_view(), name="holds"),
    path("holds/new/", hold_pages.NewHoldPage.as_view(), name="hold-new"),
    path("holds/<uuid:hold_id>/release/", hold_pages.ReleasePage.as_view(), name="hold-release"),
    path("detectors/", pages.DetectorsPage.as_view(), name="detectors"),
    path("sockets/", pages.SocketsPage.as_view(), name="sockets"),
    path("operations/", pages.OperationsPage.as_view(), name="operations"),
]
