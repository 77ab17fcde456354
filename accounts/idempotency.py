"""`Idempotency-Key`: a creating write sent twice is done once and answered alike.

The first request holds an advisory lock of the database while it works, so that a second one is told to
wait, and so that nothing is left behind when the process dies. Only successes are remembered: what was
refused may be corrected and sent again under the same key.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from accounts.authentication import user_of
from accounts.models import IdempotencyRecord, User
from accounts.problems import Problem

HEADER = "Idempotency-Key"
KEY_LIMIT = 255
KEPT_FOR = timedelta(hours=24)
# A resumable upload says in its headers what others say in their body.
_TELLING_HEADERS = ("Upload-Length", "Upload-Metadata")


class IdempotentPost:
    """A mixin for REST views whose POST creates; put it before the view class.

    `once_only_fields` are left out of a replayed answer: they are shown once and never stored.
    """

    once_only_fields: tuple[str, ...] = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """After authentication, permission and throttle: wraps the handler of a POST that carries a key."""
        super().initial(request, *args, **kwargs)  # type: ignore[misc]  # a mixin: the view has it
        key = request.headers.get(HEADER)
        if key is not None and request.method == "POST" and isinstance(request.user, User):
            # REST framework's dispatch takes the handler from the view by name, after this.
            handler = getattr(self, "post")  # noqa: B009  # only the view has one
            setattr(self, "post", partial(self._once, key, handler))  # noqa: B010  # as above

    def prepare(self, request: Request) -> None:
        """What takes long and changes nothing, done before the transaction in which the handler runs."""

    def _once(
        self, key: str, handler: Callable[..., Response], request: Request, *args: Any, **kwargs: Any
    ) -> Response:
        _check(key)
        user = user_of(request)
        digest = request_digest(request)
        with _held(user, key):
            record = _remembered(user, key)
            if record is not None:
                return _replay(record, digest)
            self.prepare(request)
            # One transaction: a process that dies in between leaves neither what was made nor its answer. A
            # file that was stored for it belongs to no row then, and the sweep of uploads removes it.
            with transaction.atomic():
                response = handler(request, *args, **kwargs)
                if 200 <= response.status_code < 300:
                    _remember(user, key, digest, response, self.once_only_fields)
        return response


def request_digest(request: Request) -> str:
    """SHA-256 over method, address and what was sent; files count by their bytes."""
    said = [request.method, request.get_full_path(), *map(request.headers.get, _TELLING_HEADERS)]
    digest = hashlib.sha256(json.dumps(said).encode())
    files = request.FILES
    fields = {name: value for name, value in _fields(request.data) if name not in files}
    digest.update(json.dumps(fields, sort_keys=True, default=str).encode())
    for name in sorted(files):
        for file in files.getlist(name):
            digest.update(f"\n{name} {file.name} {_file_sha256(file)}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _fields(data: Any) -> Iterator[tuple[str, Any]]:
    if hasattr(data, "lists"):
        yield from data.lists()
    elif isinstance(data, dict):
        yield from data.items()
    else:
        yield "", data


def _file_sha256(file: UploadedFile) -> str:
    known = getattr(file, "sha256", None)  # an upload handler may have hashed it on the way in
    if known is not None:
        return str(known)
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _check(key: str) -> None:
    if not 1 <= len(key) <= KEY_LIMIT or not key.isascii() or not key.isprintable():
        raise Problem(
            400, "idempotency_key_invalid", f"{HEADER} must be 1 to {KEY_LIMIT} printable ASCII characters."
        )


@contextmanager
def _held(user: User, key: str) -> Iterator[None]:
    name = hashlib.sha256(f"idempotency {user.pk} {key}".encode()).digest()
    lock = int.from_bytes(name[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_lock(%s)", [lock])
        if not cursor.fetchone()[0]:
            detail = f"A request with this {HEADER} is being worked on. Ask again when it is done."
            raise Problem(409, "idempotency_key_in_use", detail, headers={"Retry-After": "1"})
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("select pg_advisory_unlock(%s)", [lock])


def _remembered(user: User, key: str) -> IdempotencyRecord | None:
    IdempotencyRecord.objects.filter(created__lt=timezone.now() - KEPT_FOR).delete()
    return IdempotencyRecord.objects.filter(user=user, key=key).first()


def _replay(record: IdempotencyRecord, digest: str) -> Response:
    if record.digest != digest:
        detail = f"This {HEADER} was used for another request. Use a new key for a new request."
        raise Problem(422, "idempotency_key_reused", detail)
    headers = {**record.headers, "Idempotency-Replayed": "true"}
    return Response(json.loads(record.body), status=record.status, headers=headers)


def _remember(user: User, key: str, digest: str, response: Response, left_out: tuple[str, ...]) -> None:
    body = json.loads(json.dumps(response.data, cls=JSONEncoder))
    if isinstance(body, dict):
        body |= {name: None for name in left_out if name in body}
    headers = {name: value for name, value in response.items() if name != "Content-Type"}
    IdempotencyRecord.objects.create(
        user=user, key=key, digest=digest, status=response.status_code, body=json.dumps(body), headers=headers
    )
