"""Whether this installation can work: for people, load balancers and supervisors. Open on purpose."""

from collections.abc import Callable, Mapping

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from analysis.models import Worker

PATIENCE_SECONDS = 2


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """200 while this process answers at all."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 only with the database, Redis and a live worker; 503 names what is missing."""
    checks = {"database": _database(), "redis": _redis()}
    checks["worker"] = _worker() if checks["database"] == "ok" else "unknown without the database"
    return _answer(checks)


@never_cache
@require_safe
def sockets(request: HttpRequest) -> JsonResponse:
    """200 only with what sockets need: the database, which they read, and Redis, which wakes them."""
    return _answer({"database": _database(), "redis": _redis()})


def _answer(checks: Mapping[str, str]) -> JsonResponse:
    good = all(said == "ok" for said in checks.values())
    body = {"status": "ok" if good else "not ready", "checks": checks}
    return JsonResponse(body, status=200 if good else 503)


def _said(check: Callable[[], object], problem: str, *errors: type[Exception]) -> str:
    try:
        check()
    except errors:
        return problem
    return "ok"


def _database() -> str:
    return _said(_ask_database, "no answer; is PostgreSQL running?", DatabaseError)


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select 1")


def _redis() -> str:
    return _said(_ask_redis, "no answer; is Redis running?", redis.RedisError, OSError, ValueError)


def _ask_redis() -> None:
    patience = {"socket_timeout": PATIENCE_SECONDS, "socket_connect_timeout": PATIENCE_SECONDS}
    with redis.Redis.from_url(settings.REDIS_URL, **patience) as client:
        client.ping()


def _worker() -> str:
    heard_since = timezone.now() - Worker.LOST_AFTER
    if Worker.objects.examining().filter(stopped=None, heartbeat__gt=heard_since).exists():
        return "ok"
    return "none is alive; start one with: manage.py runworker"
