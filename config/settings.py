"""Django's settings, made from the environment (`config/env.py`)."""

from datetime import timedelta
from ipaddress import ip_network
from urllib.parse import parse_qsl, unquote, urlsplit

from config.engines.paths import expected_sockets
from config.engines.postgres import address as postgres_address
from config.engines.redis import address as redis_address
from config.env import DEFAULT_PORT, ROOT, environment
from config.logs import logging_configuration
from config.secrets import kept_secret

ENV = environment()
BASE_DIR = ROOT
ASSAY_HOME = ENV.home
ASSAY_WEIGHTS = ENV.weights
SNAPSHOTS_DIR = ENV.snapshots_dir
ENABLE_SNAPSHOTS = ENV.snapshots
ASSAY_PORT = ENV.port
ASSAY_HOST = ENV.host
C2PA_TRUST = ENV.c2pa_trust
C2PA_ALLOWED = ENV.c2pa_allowed
MAX_UPLOAD_BYTES = ENV.max_upload_bytes
MAX_PIXELS = ENV.max_pixels
MAX_DURATION_SECONDS = ENV.max_duration_seconds
MAX_STREAMS = ENV.max_streams
MAX_CLIP_BYTES = ENV.max_clip_bytes
RESERVED_DISK_BYTES = ENV.reserved_disk_bytes
LEASE_SECONDS = ENV.lease_seconds
STALL_SECONDS = ENV.stall_seconds
MAX_CLAIMS = ENV.max_claims
STRESS_SECONDS = ENV.stress_seconds
SLOTS = ENV.slots
OMP_NUM_THREADS = ENV.omp_num_threads
SLOT_MEMORY_BYTES = ENV.slot_memory_bytes
JOB_SILENT_SECONDS = ENV.job_silent_seconds
JOB_WAIT_SECONDS = ENV.job_wait_seconds
UPLOAD_EXPIRES_HOURS = ENV.upload_expires_hours
# Private networks that webhooks may be sent to and cameras may be in, and ports of this machine where they never are.
WEBHOOK_NETWORKS = [ip_network(part.strip()) for part in ENV.webhook_networks.split(",") if part.strip()]
CAMERA_CA = ENV.camera_ca
CAMERA_NETWORKS = [ip_network(part.strip()) for part in ENV.camera_networks.split(",") if part.strip()]
CAMERA_DEVICES = ENV.camera_devices
CAMERA_FOLDER = ENV.camera_folder
CAMERA_SLOTS = ENV.camera_slots
LIVE_VIEWS_PER_USER = ENV.live_views_per_user
LIVE_VIEWS = ENV.live_views
OWN_PORTS = frozenset({ENV.port, ENV.redis_port} - {None})
SECRET_KEY = kept_secret(ASSAY_HOME, "django")
WEBHOOKS_KEY = kept_secret(ASSAY_HOME, "webhooks")
# Empty: plates are kept as they are read. A key of one's own is enough of a switch.
PLATE_KEY = ENV.plate_key or (kept_secret(ASSAY_HOME, "plates") if ENV.encrypt_plates else "")
FOOTAGE_DAYS = ENV.footage_days
SNAPSHOT_BYTES = ENV.snapshot_bytes
PLATE_SEARCH_DAYS = ENV.plate_search_days
CAMERAS_KEY = kept_secret(ASSAY_HOME, "cameras")
DEBUG = ENV.debug
ALLOWED_HOSTS = ENV.allowed_hosts()
ALLOWED_ORIGINS = CSRF_TRUSTED_ORIGINS = ENV.origins()
PUBLIC_URL = ENV.public_url.rstrip("/")
if PUBLIC_URL.startswith("https://"):
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 365 * 24 * 3600

INSTALLED_APPS = [
    "daphne",
    # before channels: both have a command called runworker, and ours is the one that counts
    "analysis",
    "realtime",
    "accounts",
    "channels",
    "procrastinate.contrib.django",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
    "accounts.admin_site.DeskAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "accounts.charsets.CharsetMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "accounts.slashes.SlashMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.sign_ins.SignInMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]


def _database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    # Everything else is libpq's (sslmode, sslrootcert, …); what it does not know it refuses when connecting.
    options = {name: value for name, value in query.items() if name not in ("host", "port")}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host", parts.hostname or ""),
        "PORT": str(parts.port or query.get("port", "")),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": "10", **options},
    }


# Nothing is contacted here: where our own engines listen follows from ASSAY_HOME.
SOCKETS = expected_sockets(ASSAY_HOME)
DATABASES = {"default": _database(ENV.database_url or postgres_address(ASSAY_HOME, SOCKETS.postgres))}
REDIS_URL = ENV.redis_url or redis_address(ASSAY_HOME, SOCKETS.redis)
REDIS_PREFIX = ENV.redis_prefix
PROGRESS_CHANNEL = ENV.redis_progress_channel
EVENTS_CHANNEL = ENV.redis_events_channel
REDIS_STREAM = ENV.redis_stream
REDIS_STREAM_LENGTH = ENV.redis_stream_length
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL], "prefix": f"{REDIS_PREFIX}assay"},
    }
}

LOGGING = logging_configuration()
AUTH_USER_MODEL = "accounts.User"
SESSION_ENGINE = "accounts.sessions"
# Browsers keep the cookies of all ports of a host together: a second installation needs a name of its own. The
# CSRF cookie is shared without harm, since pages read it when they send something.
SESSION_COOKIE_NAME = "sessionid" if ENV.port == DEFAULT_PORT else f"sessionid_{ENV.port}"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "accounts.endings.EndEverySignIn"},
]
CSRF_FAILURE_VIEW = "accounts.problems.csrf_failure"
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
# Those there are words for: a browser of another language gets English and is told so.
LANGUAGES = [("en", "English")]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:"],
        "media-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "accounts.schema.ViewSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.TokenAuthentication",
        "accounts.authentication.CookieAuthentication",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.throttles.GeneralThrottle"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["accounts.strict.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "accounts.pagination.Pages",
    "EXCEPTION_HANDLER": "accounts.problems.exception_handler",
}
# (how many, in how many seconds); guesses are sign-ins with a wrong password
THROTTLES = {
    "user": (ENV.requests_per_second * 10, 10),
    "anonymous": (600, 10),
    "guesses_pair": (10, 300),
    "guesses_address": (50, 300),
    "guesses_account": (100, 3600),
}
ASSAY_SOCKET_QUERY_TOKEN = ENV.socket_query_token
ASSAY_SOCKETS_PER_USER = ENV.sockets_per_user
ASSAY_TOPICS_PER_USER = ENV.topics_per_user
ASSAY_FRAMES_PER_SECOND = ENV.frames_per_second
SPECTACULAR_SETTINGS = {
    "TITLE": "Assay",
    "DESCRIPTION": "Examine media on your own machine. The rules that hold everywhere are in docs/api.md.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    # fields of one name and several meanings
    "ENUM_NAME_OVERRIDES": {
        "StateEnum": "analysis.models.Run.State",
        "DeliveryStateEnum": "realtime.models.WebhookDelivery.State",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "accounts.schema.in_openapi_3_0",
        "accounts.schema.add_problems",
    ],
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=5),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=7),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
    "ALGORITHM": "HS256",
    "SIGNING_KEY": ENV.jwt_secret_key or kept_secret(ASSAY_HOME, "jwt"),
}
