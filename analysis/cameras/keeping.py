"""Setting up, changing and switching cameras: the only writer of their rows.

Lock order: the camera, then its runs, then its topic.
"""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import User
from analysis import queue, snapshots
from analysis.cameras import reaching
from analysis.cameras.addresses import HIDDEN, AddressRefused, checked_credential, host_and_port, parse
from analysis.cameras.models import Camera, CameraState
from analysis.cameras.secrets import Secret, SecretUnreadable, seal, unseal
from analysis.cameras.watching import BadSettings, read, stored
from analysis.errors import AnalysisError
from analysis.models import AlertRule, Run, RunLease, Sighting, Tombstone
from analysis.queue import engine
from analysis.queue.locks import lock
from analysis.retention import holds
from analysis.uploads.places import evidence_of
from realtime import log
from realtime.erasing import erase
from realtime.models import Event, Topic

TOPIC_KIND = "camera"
PER_OWNER = 1000
# What is watched, and how: a change of these begins anew.
_WATCHED = ("source", "address", "secret", "settings")
_NETWORKED = (Camera.Source.RTSP, Camera.Source.HTTP)


class CameraRefused(AnalysisError):
    """A camera that cannot be kept as it is given."""

    code = "camera_refused"


class KeyTaken(CameraRefused):
    """Another camera has that key."""

    code = "key_taken"


class KeyFixed(CameraRefused):
    """A camera is to have another key."""

    code = "key_fixed"


class TooManyCameras(CameraRefused):
    """One person has very many cameras."""

    code = "too_many_cameras"


def create(owner: User, given: Mapping[str, Any], *, look_up_seconds: float = 2.0) -> Camera:
    """A new camera, watched from now on where `enabled`. `given`: fields of the model, `user` and `password`.

    Raises AddressRefused, BadSettings, CameraRefused.
    """
    camera = Camera(owner=owner, **_plain(given))
    camera.settings = stored(read(given.get("settings", {})))
    _set_address(camera, given)
    _check(camera, look_up_seconds)
    with transaction.atomic():
        # of two at once, one counts first
        User.objects.select_for_update(no_key=True).get(pk=owner.pk)
        if Camera.objects.filter(owner=owner).count() >= PER_OWNER:
            raise TooManyCameras(f"You have {PER_OWNER} cameras; delete one first.")
        camera.topic = log.create_topic(TOPIC_KIND, owner)
        _save(camera)
        CameraState.objects.create(camera=camera)
        if camera.enabled:
            queue.watch(camera, by=owner)
    return camera


def change(camera: Camera, given: Mapping[str, Any], *, by: User) -> Camera:
    """Changes the fields given; of `settings` those named there. What is watched is watched anew if it changed.

    Another host forgets user and password: whoever may change a camera is not told them that way.
    Raises AddressRefused, BadSettings, CameraRefused, Camera.DoesNotExist.
    """
    wanted = Camera.objects.select_related("owner").get(pk=camera.pk)
    if given.get("key", wanted.key) != wanted.key:
        raise KeyFixed(
            f"The key {wanted.key!r} stays: what the camera saw is found by it. Set up another camera instead."
        )
    known = wanted.settings
    _changed(wanted, given)
    _check(wanted, 2.0)
    with transaction.atomic():
        kept = _locked(camera)
        before = _signature(kept)
        # again, under the lock: somebody else may have changed something in between
        _changed(kept, given, read_already=wanted.settings if kept.settings == known else None)
        kept.updated = timezone.now()
        _save(kept)
        if not kept.enabled and before["enabled"]:
            queue.unwatch(kept, by=by)
        elif kept.enabled and before != _signature(kept):
            queue.watch(kept, by=by)
    return kept


def enable(camera: Camera, *, by: User) -> Camera:
    """Has it watched: from now on, or again where watching has ended. Nothing changes while it is."""
    with transaction.atomic():
        kept = _locked(camera)
        going = kept.runs.filter(state__in=(Run.State.QUEUED, Run.State.RUNNING))
        if kept.enabled and going.filter(lease__cancel_requested_at=None).exists():
            return kept
        _switch(kept, enabled=True)
        queue.watch(kept, by=by)
    return kept


def disable(camera: Camera, *, by: User) -> Camera:
    """Stops watching it, within seconds."""
    with transaction.atomic():
        kept = _locked(camera)
        _switch(kept, enabled=False)
        queue.unwatch(kept, by=by)
    return kept


def remove(camera: Camera, *, by: User, reason: str = "") -> Tombstone:
    """Deletes a camera with its runs, its log and what was kept of it, also while it is watched: that ends.

    Raises Camera.DoesNotExist, Held.
    """
    with transaction.atomic():
        kept = _locked(camera)
        holds.refuse_removal(kept)
        runs = _stopped(kept)
        tombstone = _bury(kept, by=by, reason=reason)
    for run_id in runs:
        for folder in (evidence_of(run_id), snapshots.folder_of(run_id)):
            shutil.rmtree(folder, ignore_errors=True)
    return tombstone


def secret_of(camera: Camera) -> Secret:
    """What of its address is not shown. Raises SecretUnreadable."""
    return unseal(camera.secret)


def _locked(camera: Camera) -> Camera:
    rows = Camera.objects.select_for_update(of=("self",), no_key=True).select_related("owner")
    return rows.get(pk=camera.pk)


def _switch(camera: Camera, *, enabled: bool) -> None:
    camera.enabled = enabled
    camera.updated = timezone.now()
    camera.save(update_fields=["enabled", "updated"])


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    names = ("key", "name", "notes", "team", "source", "enabled", "retention_days", "snapshot_bytes")
    return {name: given[name] for name in names if name in given}


def _changed(
    camera: Camera, given: Mapping[str, Any], *, read_already: dict[str, Any] | None = None
) -> Camera:
    """read_already: what its settings become, where that is known; reading outlines costs much."""
    source_before = camera.source
    for name, value in _plain(given).items():
        setattr(camera, name, value)
    if "settings" in given:
        if not isinstance(given["settings"], Mapping):
            raise BadSettings({"settings": ("Settings are an object.", "invalid")})
        camera.settings = read_already or stored(read({**camera.settings, **given["settings"]}))
    if camera.source != source_before and "address" not in given:
        raise AddressRefused("Another kind of source needs another address; give both.")
    _set_address(camera, given, same_kind=camera.source == source_before)
    return camera


def _set_address(camera: Camera, given: Mapping[str, Any], *, same_kind: bool = True) -> None:
    """Address and credentials as they are given; what is not given stays, unless it belongs to another host."""
    secret = _kept_secret(camera)
    text = given.get("address", camera.address)
    if not (same_kind and _is_as_shown(camera, text)):
        if HIDDEN in text:
            raise AddressRefused(
                f"Give the whole address; what is shown as {HIDDEN} cannot be sent back changed."
            )
        place = parse(camera.source, text)
        secret = _moved(camera, place.shown, secret, same_kind=same_kind and bool(camera.address))
        secret = replace(secret, target=place.secret.target)
        if place.secret.user or place.secret.password:
            if given.keys() & {"user", "password"}:
                raise AddressRefused("Give user and password in the address or beside it, not both.")
            secret = replace(secret, user=place.secret.user, password=place.secret.password)
        camera.address = place.shown
    for what in ("user", "password"):
        if what in given:
            secret = replace(secret, **{what: checked_credential(given[what], what)})
    if (secret.user or secret.password) and camera.source not in _NETWORKED:
        raise AddressRefused("Only cameras in a network have a user and a password.")
    if secret != _kept_secret(camera):
        camera.secret = seal(secret)


def _is_as_shown(camera: Camera, text: str) -> bool:
    """Whether the address is sent back as it is shown; not where more of it would be hidden today."""
    return text == camera.address and (HIDDEN in text or parse(camera.source, text).shown == text)


def _moved(camera: Camera, shown: str, secret: Secret, *, same_kind: bool) -> Secret:
    """The credentials, where they go to the host they were given for."""
    if not same_kind or camera.source not in _NETWORKED:
        return Secret()
    same = host_and_port(camera.address) == host_and_port(shown)
    encrypted_before = camera.address.startswith(("https:", "rtsps:"))
    return secret if same and not (encrypted_before and shown.startswith(("http:", "rtsp:"))) else Secret()


def _kept_secret(camera: Camera) -> Secret:
    try:
        return unseal(camera.secret)
    except SecretUnreadable:
        return Secret()  # nobody can use it; new ones may be set all the same


def _check(camera: Camera, look_up_seconds: float) -> None:
    settings = camera.settings
    if camera.source != Camera.Source.FILE and (settings.get("loop") or settings.get("pace", "own") != "own"):
        raise BadSettings({"pace": ("Pace and loop are for recorded files only.", "not_a_file")})
    reaching.refuse_known_bad(camera, timeout_seconds=look_up_seconds)


def _signature(camera: Camera) -> dict[str, Any]:
    return {name: getattr(camera, name) for name in (*_WATCHED, "enabled")}


def _save(camera: Camera) -> None:
    try:
        with transaction.atomic():
            camera.save()
    except IntegrityError as error:
        if "key" in str(error):
            raise KeyTaken(f"There is a camera with the key {camera.key!r} already.") from error
        raise


def _stopped(camera: Camera) -> list[Any]:
    """The runs of the camera, all locked with their leases; whoever has one is told to stop."""
    # no_key as in queue.locks: whoever writes a result has the lease, and then shares the key of the run
    list(Run.objects.select_for_update(of=("self",), no_key=True).filter(camera=camera).order_by("pk"))
    list(RunLease.objects.select_for_update(of=("self",)).filter(run__camera=camera).order_by("pk"))
    for run_id in camera.runs.filter(state=Run.State.RUNNING).values_list("pk", flat=True):
        if held := lock(run_id):
            queue.tell_workers(held)
    runs = list(camera.runs.values_list("pk", flat=True))
    for run_id in runs:
        engine.forget(run_id)
    return runs


def _bury(camera: Camera, *, by: User, reason: str) -> Tombstone:
    tombstone = Tombstone.objects.create(
        id=camera.pk, camera_key=camera.key, owner=camera.owner, removed_by=by, reason=reason
    )
    topic = camera.topic_id
    Topic.objects.select_for_update().get(pk=topic)
    erase(Sighting.objects.filter(topic=topic))
    erase(Event.objects.filter(topic=topic))
    # a rule of no camera holds for all of them: one that was meant for this one alone ends
    elsewhere = AlertRule.cameras.through.objects.filter(alertrule=OuterRef("pk")).exclude(camera=camera.pk)
    AlertRule.objects.filter(~Exists(elsewhere), cameras=camera).update(enabled=False, since=timezone.now())
    camera.delete()
    Topic.objects.filter(pk=topic).delete()
    return tombstone
