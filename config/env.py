"""The environment, read once and typed. Everything else reads `django.conf.settings`."""

import difflib
import ipaddress
import os
import ssl
from functools import cache
from pathlib import Path
from typing import Literal, Self
from urllib.parse import quote, urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from analysis.engine.trust import TrustList, UnusableTrustList
from config.secrets import SHORTEST, is_weak, refuse_weak

DEFAULT_PORT = 8000
ROOT = Path(__file__).resolve().parent.parent


class UnknownSetting(RuntimeError):
    """An `ASSAY_…` name in the environment that means nothing here."""


class Environment(BaseSettings):
    """Every setting, with its default; the reference is docs/settings.md."""

    # Empty means unset: an empty ASSAY_HOME would otherwise be the folder somebody happens to stand in.
    # A refusal does not repeat what was given: it may be a secret.
    model_config = SettingsConfigDict(
        case_sensitive=True,
        env_ignore_empty=True,
        extra="ignore",
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    port: int = Field(DEFAULT_PORT, alias="PORT", ge=1, le=65535)
    host: str = Field("127.0.0.1", alias="ASSAY_HOST")
    home: Path = Field(ROOT / "var", alias="ASSAY_HOME")
    env: Literal["local", "production"] = Field("local", alias="ASSAY_ENV")
    debug: bool = Field(False, alias="ASSAY_DEBUG")
    public_url: str = Field("", alias="ASSAY_PUBLIC_URL")
    allowed_origins: str = Field("", alias="ASSAY_ALLOWED_ORIGINS")
    weights: Path = Field(Path(), alias="ASSAY_WEIGHTS")
    snapshots_dir: str = Field("", alias="SNAPSHOTS_DIR")
    snapshots: bool = Field(True, alias="ENABLE_SNAPSHOTS")
    c2pa_trust: str = Field("", alias="ASSAY_C2PA_TRUST")
    c2pa_allowed: str = Field("", alias="ASSAY_C2PA_ALLOWED")
    admin_email: str = Field("admin@assay.local", alias="ASSAY_ADMIN_EMAIL")
    admin_password: str = Field("", alias="ASSAY_ADMIN_PASSWORD")
    workers: int = Field(1, alias="ASSAY_WORKERS", ge=1, le=64)
    database_url: str = Field("", alias="DATABASE_URL")
    redis_url: str = Field("", alias="REDIS_URL")
    outside_redis_host: str = Field("", alias="REDIS_HOST")
    outside_redis_port: int = Field(6379, alias="REDIS_PORT", ge=1, le=65535)
    outside_redis_db: int = Field(0, alias="REDIS_DB", ge=0)
    outside_redis_password: str = Field("", alias="REDIS_PASSWORD")
    jwt_secret_key: str = Field("", alias="JWT_SECRET_KEY")
    redis_port: int | None = Field(None, alias="ASSAY_REDIS_PORT", ge=1, le=65535)
    socket_query_token: bool = Field(True, alias="ASSAY_SOCKET_QUERY_TOKEN")
    sockets_per_user: int = Field(5000, alias="ASSAY_SOCKETS_PER_USER", ge=1)
    socket_compression: bool = Field(False, alias="ASSAY_SOCKET_COMPRESSION")
    topics_per_user: int = Field(5000, alias="ASSAY_TOPICS_PER_USER", ge=1)
    frames_per_second: int = Field(2000, alias="ASSAY_FRAMES_PER_SECOND", ge=1)
    requests_per_second: int = Field(200, alias="ASSAY_REQUESTS_PER_SECOND", ge=1)
    redis_prefix: str = Field("", alias="ASSAY_REDIS_PREFIX")
    redis_progress_channel: str = Field("media:progress", alias="MEDIA_PROGRESS_CHANNEL_NAME")
    redis_events_channel: str = Field("events", alias="REDIS_CHANNEL_NAME")
    redis_stream: str = Field("assay:stream", alias="ASSAY_REDIS_STREAM")
    redis_stream_length: int = Field(20_000, alias="ASSAY_REDIS_STREAM_LENGTH", ge=1)
    max_upload_bytes: int = Field(8 * 2**30, alias="ASSAY_MAX_UPLOAD_BYTES", ge=1)
    max_pixels: int = Field(100_000_000, alias="ASSAY_MAX_PIXELS", ge=1)
    max_duration_seconds: float = Field(4 * 3600, alias="ASSAY_MAX_DURATION_SECONDS", gt=0)
    max_streams: int = Field(64, alias="ASSAY_MAX_STREAMS", ge=1)
    max_clip_bytes: int = Field(2**30, alias="ASSAY_MAX_CLIP_BYTES", ge=2**20)
    reserved_disk_bytes: int = Field(512 * 2**20, alias="ASSAY_RESERVED_DISK_BYTES", ge=0)
    lease_seconds: float = Field(15, alias="ASSAY_LEASE_SECONDS", ge=2)
    stall_seconds: float = Field(60, alias="ASSAY_STALL_SECONDS", gt=0)
    max_claims: int = Field(3, alias="ASSAY_MAX_CLAIMS", ge=1)
    stress_seconds: int = Field(120, alias="ASSAY_STRESS_SECONDS", ge=1, le=3600)
    slots: int = Field(1, alias="ASSAY_SLOTS", ge=1, le=64)
    omp_num_threads: str = Field("", alias="OMP_NUM_THREADS")
    slot_memory_bytes: int = Field(0, alias="ASSAY_SLOT_MEMORY_BYTES", ge=0)
    job_silent_seconds: float = Field(600, alias="ASSAY_JOB_SILENT_SECONDS", gt=0)
    job_wait_seconds: float = Field(60, alias="ASSAY_JOB_WAIT_SECONDS", gt=0)
    plate_key: str = Field("", alias="ASSAY_PLATE_KEY")
    encrypt_plates: bool = Field(False, alias="ASSAY_ENCRYPT_PLATES")
    footage_days: int = Field(0, alias="ASSAY_FOOTAGE_DAYS", ge=0, le=36_500)
    snapshot_bytes: int = Field(0, alias="ASSAY_SNAPSHOT_BYTES", ge=0)
    plate_search_days: int = Field(365, alias="ASSAY_PLATE_SEARCH_DAYS", ge=1, le=36_500)
    webhook_networks: str = Field("", alias="ASSAY_WEBHOOK_NETWORKS")
    camera_slots: int = Field(8, alias="ASSAY_CAMERA_SLOTS", ge=0, le=256)
    camera_networks: str = Field("", alias="ASSAY_CAMERA_NETWORKS")
    camera_devices: bool = Field(False, alias="ASSAY_CAMERA_DEVICES")
    camera_folder: str = Field("", alias="ASSAY_CAMERA_FOLDER")
    camera_ca: str = Field("", alias="ASSAY_CAMERA_CA")
    live_views_per_user: int = Field(8, alias="ASSAY_LIVE_VIEWS_PER_USER", ge=1)
    live_views: int = Field(64, alias="ASSAY_LIVE_VIEWS", ge=0)
    upload_expires_hours: float = Field(24, alias="ASSAY_UPLOAD_EXPIRES_HOURS", gt=0)

    def model_post_init(self, _context: object) -> None:
        self.home = self.home.expanduser().absolute()
        named = self.weights if self.weights != Path() else self.home / "weights"
        self.weights = named.expanduser().absolute()
        self.redis_url = self.redis_url or self._outside_redis()
        # absolute, because the child that reads them stands in another folder
        self.snapshots_dir = _place(self.snapshots_dir)
        self.c2pa_trust, self.c2pa_allowed = map(_place, (self.c2pa_trust, self.c2pa_allowed))
        self.camera_folder, self.camera_ca = map(_place, (self.camera_folder, self.camera_ca))

    @field_validator("public_url", "allowed_origins")
    @classmethod
    def _are_origins(cls, value: str) -> str:
        for origin in filter(None, (part.strip() for part in value.split(","))):
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
                raise ValueError(f"{origin!r} is not an address like https://desk.example.org")
        return value

    @field_validator("webhook_networks", "camera_networks")
    @classmethod
    def _are_networks(cls, value: str) -> str:
        for network in filter(None, (part.strip() for part in value.split(","))):
            ipaddress.ip_network(network)
        return value

    @field_validator("plate_key")
    @classmethod
    def _cannot_be_guessed(cls, value: str) -> str:
        # everywhere, not in production alone: under a key that can be guessed all plates can be tried
        if value and is_weak(value):
            raise ValueError(
                f"too weak: give at least {SHORTEST} random characters, or set ASSAY_ENCRYPT_PLATES alone "
                "and one is generated into ASSAY_HOME/keys"
            )
        return value

    @model_validator(mode="after")
    def _trust_is_usable(self) -> Self:
        try:
            TrustList(self.c2pa_trust, self.c2pa_allowed).certificates()
        except UnusableTrustList as error:
            raise ValueError(f"ASSAY_C2PA_TRUST, ASSAY_C2PA_ALLOWED: {error}") from error
        return self

    @field_validator("camera_ca")
    @classmethod
    def _are_certificates(cls, value: str) -> str:
        if value:
            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(_place(value))
            except OSError as error:  # ssl.SSLError is one
                raise ValueError("no readable file with a certificate in PEM") from error
        return value

    @model_validator(mode="after")
    def _is_fit_for_production(self) -> Self:
        if self.env == "production" and self.debug:
            raise ValueError("ASSAY_DEBUG and ASSAY_ENV=production exclude each other")
        if self.env == "production" and self.jwt_secret_key:
            refuse_weak("JWT_SECRET_KEY", self.jwt_secret_key)
        return self

    def _outside_redis(self) -> str:
        """The URL made of REDIS_HOST and its companions; empty when Redis is ours to run."""
        if not self.outside_redis_host:
            return ""
        password = f":{quote(self.outside_redis_password, safe='')}@" if self.outside_redis_password else ""
        return (
            f"redis://{password}{self.outside_redis_host}:{self.outside_redis_port}/{self.outside_redis_db}"
        )

    def allowed_hosts(self) -> list[str]:
        """Host names this server answers to: this machine, and the public one."""
        own = ["127.0.0.1", "localhost", "[::1]"]
        more = [urlsplit(self.public_url).hostname or "", "" if self.host in ("0.0.0.0", "::") else self.host]  # noqa: S104 - compared, not bound
        return [*own, *(name for name in more if name and name not in own)]

    def origins(self) -> list[str]:
        """Foreign origins that may open sockets and post forms: the public address, and those listed."""
        listed = [origin.strip().rstrip("/") for origin in self.allowed_origins.split(",")]
        return [origin for origin in [self.public_url.rstrip("/"), *listed] if origin]


def _place(name: str) -> str:
    return str(Path(name).expanduser().absolute()) if name else ""


def refuse_unknown_names(names: list[str]) -> None:
    """Raises UnknownSetting for the first `ASSAY_…` name that no setting has, with the nearest known one."""
    known = {field.alias for field in Environment.model_fields.values() if field.alias}
    known |= {"ASSAY_TEST_MEDIA", "ASSAY_TEST_WEIGHTS"}
    for name in names:
        if name.startswith("ASSAY_") and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise UnknownSetting(f"{name} is not a setting of Assay.{hint} The list is in docs/settings.md.")


@cache
def environment() -> Environment:
    """The environment of this process; raises UnknownSetting or pydantic's ValidationError."""
    refuse_unknown_names(sorted(os.environ))
    return Environment()
