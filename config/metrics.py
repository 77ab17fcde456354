"""/metrics for Prometheus: open to this machine, otherwise to admins and their API keys."""

import ipaddress
from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Min, Sum
from django.http import HttpResponse
from django.utils import timezone
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.permissions import IsStaff
from analysis.models import Media, Run, Worker
from realtime import stats


class LocalOrStaff(IsStaff):
    """This machine itself, without a proxy in between, or an admin."""

    def has_permission(self, request: Request, view: object) -> bool:
        return _is_local(request) or super().has_permission(request, view)


class AnyAccept(BaseContentNegotiation):
    """Prometheus asks for formats nobody else knows; it gets what there is."""

    def select_renderer(self, request: Any, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class MetricsView(APIView):
    """Gauges of the whole installation, read from the database, and this process's own."""

    permission_classes = (LocalOrStaff,)
    throttle_classes = ()
    content_negotiation_class = AnyAccept
    schema = None

    def get(self, request: Request) -> HttpResponse:
        """The metrics in Prometheus' text format."""
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class Examinations(Collector):
    """Runs, workers, media and sockets of the whole installation."""

    def collect(self) -> Iterator[Metric]:
        """Asks the database now, in a few small queries, and what the web processes said of their sockets."""
        yield from _runs()
        yield from _workers()
        yield from _sockets()
        totals = Media.objects.aggregate(files=Count("id"), size_bytes=Sum("size_bytes"))
        yield GaugeMetricFamily("assay_media_files", "Files kept.", totals["files"])
        yield GaugeMetricFamily("assay_media_bytes", "Bytes of files kept.", totals["size_bytes"] or 0)


def _runs() -> Iterator[Metric]:
    counted = dict(Run.objects.values_list("state").annotate(Count("id")).order_by())
    by_state = GaugeMetricFamily("assay_runs", "Runs by state.", labels=["state"])
    for state in Run.State.values:
        by_state.add_metric([state], counted.get(state, 0))
    yield by_state
    yield GaugeMetricFamily("assay_queue_depth", "Runs that wait.", counted.get(Run.State.QUEUED, 0))
    oldest = Run.objects.filter(state=Run.State.QUEUED).aggregate(since=Min("created"))["since"]
    waiting = (timezone.now() - oldest).total_seconds() if oldest else 0
    yield GaugeMetricFamily("assay_queue_oldest_seconds", "How long the oldest of them waits.", waiting)


def _workers() -> Iterator[Metric]:
    heard_since = timezone.now() - Worker.LOST_AFTER
    alive = list(Worker.objects.filter(stopped=None, heartbeat__gt=heard_since).only("slots"))
    yield GaugeMetricFamily("assay_workers", "Workers heard of lately.", len(alive))
    slots = sum(len(worker.slots) for worker in alive)
    yield GaugeMetricFamily("assay_worker_slots", "Device slots of these workers.", slots)


def _sockets() -> Iterator[Metric]:
    gauges = {
        "sockets": GaugeMetricFamily("assay_sockets", "Open sockets.", labels=["process"]),
        "outbox_bytes": GaugeMetricFamily(
            "assay_outbox_bytes", "What waits to be sent to sockets.", labels=["process"]
        ),
        "outbox_largest_bytes": GaugeMetricFamily(
            "assay_outbox_largest_bytes", "What waits for the slowest reader.", labels=["process"]
        ),
    }
    for said in stats.everywhere():
        for name, gauge in gauges.items():
            gauge.add_metric([said.process], getattr(said.counts, name))
    yield from gauges.values()


def _is_local(request: Request) -> bool:
    # A reverse proxy on this machine speaks from loopback too, for somebody else.
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


registry = CollectorRegistry()
registry.register(Examinations())
ProcessCollector(registry=registry)
