"""Settings, read from the environment; each has a default that suits development.

Without `DJANGO_DEBUG=true` the back office refuses to start while one of the defaults
in `DEVELOPMENT_ONLY` is still in force: they are public knowledge.
"""

from datetime import timedelta
from decimal import Decimal
from email.utils import formataddr, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

from backoffice.api.description.settings import (
    REST_FRAMEWORK as REST_FRAMEWORK,
)
from backoffice.api.description.settings import (
    SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS,
)
from backoffice.logs import logging_settings
from backoffice.setting_values import by_currency, days_kept, network
from backoffice.store_addresses import demand_tls
from backoffice.users.settings import *  # noqa: F403 - what no installation chooses

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = BASE_DIR / ".data"
STATIC_ROOT = DATA_DIR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)

DEVELOPMENT_ONLY: dict[str, str] = {
    "DJANGO_SECRET_KEY": "development-only-secret-key-never-use-it-in-production",
    "DJANGO_ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
    "PUBLIC_BASE_URL": "http://localhost:8000",
    "CODAT_BASE_URL": "http://127.0.0.1:8765",
    "CODAT_API_KEY": "sandbox-key",
    "CODAT_WEBHOOK_SECRET": "whsec_c2FuZGJveC1zaWduaW5nLXNlY3JldC0wMDE=",
    "FIELD_ENCRYPTION_KEYS": "ZGV2ZWxvcG1lbnQtb25seS1lbmNyeXB0aW9uLWtleS0=",
}

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")


def development(name: str) -> str:
    """Read a setting whose default is only good on a developer's machine."""
    value: str = env.str(name, default=DEVELOPMENT_ONLY[name])
    if not DEBUG and value.strip().rstrip("/") in {"", DEVELOPMENT_ONLY[name]}:
        raise ImproperlyConfigured(
            f"{name} is empty or still has its development default. Set it, in the "
            "environment or in .env (cp .env.example .env); on a machine that is not "
            "in production put the one line DJANGO_DEBUG=true there. To only look, run "
            "manage.py demo: it needs no settings."
        )
    return value


def ceilings(name: str) -> dict[str, Decimal]:
    """Read amounts by currency, such as `GBP=250000,EUR=300000`."""
    return by_currency(name, env.dict(name, default={}))


# --- Django -----------------------------------------------------------------------

DEBUG: bool = env.bool("DJANGO_DEBUG", default=False)
SECRET_KEY = development("DJANGO_SECRET_KEY")
ALLOWED_HOSTS = development("DJANGO_ALLOWED_HOSTS").split(",")
PUBLIC_BASE_URL = development("PUBLIC_BASE_URL").rstrip("/")
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]

INSTALLED_APPS = [
    "backoffice",
    "lending",
    "xero_sync",
    "backoffice.apps.OperatorsAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_q",
    "django_otp",
    "axes",
]

MIDDLEWARE = [
    "backoffice.origin.OriginMiddleware",
    "backoffice.api.framework.middleware.ApiMiddleware",
    "backoffice.plain_http.ProgramsByHttps",
    "django.middleware.security.SecurityMiddleware",
    "backoffice.headers.HeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "xero_sync.portal.errors.CustomerErrorsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "backoffice.languages.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "backoffice.users.middleware.StaffSessionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "backoffice.urls"
WSGI_APPLICATION = "backoffice.wsgi.application"
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

# --- Staff: second factor and sessions; the rest is in users/settings.py -------------

# Only on one's own machine, such as the demo's.
STAFF_SECOND_FACTOR: bool = env.bool("STAFF_SECOND_FACTOR", default=True)
if not STAFF_SECOND_FACTOR and not DEBUG:
    raise ImproperlyConfigured(
        "STAFF_SECOND_FACTOR=false is only for DJANGO_DEBUG=true. Leave it out: staff "
        "set up an app for codes when they first sign in."
    )
# A session ends when nothing was done for so long, and at the latest after so long.
STAFF_IDLE = timedelta(minutes=env.int("STAFF_IDLE_MINUTES", default=60))
STAFF_SESSION = timedelta(hours=env.int("STAFF_SESSION_HOURS", default=12))
# Before a dangerous act they prove who they are, if it is longer ago than this.
STAFF_FRESH = timedelta(minutes=15)
# Django's own lasts a little longer, so that it is ours that ends and says why.
SESSION_COOKIE_AGE = int(STAFF_SESSION.total_seconds()) + 3_600

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("fr", "Français")]
FORMAT_MODULE_PATH = "backoffice.formats"
TIME_ZONE = env.str("TIME_ZONE", default="Europe/London")
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "static/"
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}

# Hides secrets on a developer's error pages as well.
DEFAULT_EXCEPTION_REPORTER_FILTER = "backoffice.error_pages.HidesAlways"
CSRF_FAILURE_VIEW = "backoffice.error_pages.csrf_failure"

# --- Stores -----------------------------------------------------------------------

DATABASES: dict[str, Any] = {
    "default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'db.sqlite3'}")
}
# Never 0: django-q2's database broker opens and closes a connection on each call then.
DATABASES["default"]["CONN_MAX_AGE"] = 600
IS_SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
if IS_SQLITE:
    # A deferred transaction that reads and then writes fails at once under load instead
    # of waiting; FULL because a lost commit here would be a lost loan event.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
            "PRAGMA wal_autocheckpoint=1000; PRAGMA journal_size_limit=67108864;"
        ),
    }
else:
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # A statement that comes for the fifth time is planned once for all: to plan it each
    # time costs the server as much as to run it.
    DATABASES["default"]["OPTIONS"] = {
        # What the address asks for, such as sslmode.
        **DATABASES["default"].get("OPTIONS", {}),
        "server_side_binding": True,
        "prepare_threshold": 5,
    }

REDIS_URL: str = env.str("REDIS_URL", default="")
if not DEBUG:
    demand_tls(DATABASES["default"], REDIS_URL)
Q_WORKERS = 2 if IS_SQLITE else 4
Q_CLUSTER: dict[str, Any] = {
    "name": "backoffice",
    "label": "Background jobs",
    "workers": Q_WORKERS,
    # A job's retry clock starts when it is fetched, so nothing is fetched early.
    "queue_limit": Q_WORKERS,
    "bulk": 1,
    "poll": 0.5 if IS_SQLITE else 0.2,
    "timeout": 120,
    "retry": 600,
    # Our own tables are the queue of record: the sweep repeats work, the queue never.
    "ack_failures": True,
    "max_attempts": 1,
    "catch_up": False,
    "save_limit": 250,
    "max_rss": 300_000,
    **({"redis": REDIS_URL} if REDIS_URL else {"orm": "default"}),
}

# --- Codat ------------------------------------------------------------------------

CODAT_BASE_URL = development("CODAT_BASE_URL").rstrip("/")
CODAT_API_KEY = development("CODAT_API_KEY")
CODAT_WEBHOOK_SECRET = development("CODAT_WEBHOOK_SECRET")
CODAT_CONNECT_TIMEOUT: float = env.float("CODAT_CONNECT_TIMEOUT", default=5.0)
CODAT_READ_TIMEOUT: float = env.float("CODAT_READ_TIMEOUT", default=30.0)
LENDER_NAME: str = env.str("LENDER_NAME", default="Example Invoice Finance")
# The lender's own account, as borrowers see it on the bank feed in Xero.
LENDER_ACCOUNT_NUMBER: str = env.str("LENDER_ACCOUNT_NUMBER", default="")
LENDER_SORT_CODE: str = env.str("LENDER_SORT_CODE", default="")
# The logo that Xero shows with it: an https address, or the name of a static file.
LENDER_LOGO: str = env.str("LENDER_LOGO", default="")
# How many organisations an uncertified app may connect at Xero; empty: no limit.
_cap: str = env.str("XERO_CONNECTION_CAP", default="25").strip()
if _cap and not _cap.isdecimal():
    raise ImproperlyConfigured(
        f"XERO_CONNECTION_CAP is {_cap!r}. Set a whole number, or leave it empty for "
        "no limit."
    )
XERO_CONNECTION_CAP: int | None = int(_cap) if _cap else None

# --- The lender's book: amounts that are only recorded once they are confirmed ------

# What one event may move; what the events of one day may, of one company and of one
# service. By currency; one that is not named has no ceiling but its invoice.
EVENT_CEILINGS = by_currency("EVENT_CEILINGS", env.dict("EVENT_CEILINGS", default={}))
COMPANY_DAY_CEILINGS = by_currency(
    "COMPANY_DAY_CEILINGS", env.dict("COMPANY_DAY_CEILINGS", default={})
)
SERVICE_DAY_CEILINGS = by_currency(
    "SERVICE_DAY_CEILINGS", env.dict("SERVICE_DAY_CEILINGS", default={})
)

# For how many days what is no evidence of a write is kept; 0: for ever.
RETENTION_DAYS = days_kept(
    "RETENTION_DAYS",
    env.dict("RETENTION_DAYS", default={}),
    {"answers": 730, "webhooks": 90, "mails": 730, "sittings": 90, "replies": 0},
)

# --- The write-back engine, all in seconds unless the name says otherwise -----------

# How long a claim holds its lane; longer than one HTTP exchange by a wide margin.
WRITEBACK_LEASE_SECONDS: float = env.float("WRITEBACK_LEASE_SECONDS", default=120)
# Codat forgets an Idempotency-Key after 90 minutes; we stop trusting it after 80.
WRITEBACK_KEY_SECONDS: float = env.float("WRITEBACK_KEY_SECONDS", default=4_800)
# No absence is proven before this long after the last byte sent.
WRITEBACK_SETTLE_SECONDS: float = env.float("WRITEBACK_SETTLE_SECONDS", default=5_400)
# How long a write that timed out at Codat is re-read before a person is asked.
WRITEBACK_TIMED_OUT_SECONDS: float = env.float(
    "WRITEBACK_TIMED_OUT_SECONDS", default=86_400
)
WRITEBACK_RETRY_BASE_SECONDS: float = env.float(
    "WRITEBACK_RETRY_BASE_SECONDS", default=5
)
WRITEBACK_RETRY_CAP_SECONDS: float = env.float(
    "WRITEBACK_RETRY_CAP_SECONDS", default=900
)
# After failures in a row only probes go out, this far apart, doubling up to the cap.
WRITEBACK_BREAKER_SECONDS: int = env.int("WRITEBACK_BREAKER_SECONDS", default=30)
WRITEBACK_BREAKER_CAP_SECONDS: int = env.int(
    "WRITEBACK_BREAKER_CAP_SECONDS", default=900
)
# First poll of a pending write; doubles up to the cap. Webhooks come first.
WRITEBACK_POLL_SECONDS: float = env.float("WRITEBACK_POLL_SECONDS", default=15)
WRITEBACK_POLL_CAP_SECONDS: float = env.float(
    "WRITEBACK_POLL_CAP_SECONDS", default=1_800
)
# How often a data refresh under way at Codat is looked at.
WRITEBACK_REFRESH_SECONDS: float = env.float("WRITEBACK_REFRESH_SECONDS", default=2)
# An invoice read longer ago than this is read again before a payment is posted.
WRITEBACK_INVOICE_SECONDS: float = env.float("WRITEBACK_INVOICE_SECONDS", default=900)
# Before a company's next write all that was chosen is looked at in Xero, unless it was
# within this time; 0: never. A look costs twelve calls to Codat, or some more.
WRITEBACK_LOOK_SECONDS: float = env.float("WRITEBACK_LOOK_SECONDS", default=900)
# One drain leaves after this long, so that a stop is quick and other jobs get a turn.
WRITEBACK_SLICE_SECONDS: float = env.float("WRITEBACK_SLICE_SECONDS", default=40)
# How many drains may run at once, on all hosts together.
WRITEBACK_DRAINS: int = env.int("WRITEBACK_DRAINS", default=1 if IS_SQLITE else 2)
WRITEBACK_THREADS: int = env.int("WRITEBACK_THREADS", default=8 if IS_SQLITE else 16)
# Codat blocks an address above 1,000 requests a minute; we stay below.
WRITEBACK_REQUESTS_PER_MINUTE: int = env.int(
    "WRITEBACK_REQUESTS_PER_MINUTE", default=900
)
# Xero allows 60 calls a minute to an organisation; Codat needs some of them itself.
WRITEBACK_ORGANISATION_PER_MINUTE: int = env.int(
    "WRITEBACK_ORGANISATION_PER_MINUTE", default=50
)
# Names the address our requests leave from; hosts behind one address share its budget.
WRITEBACK_EGRESS_ADDRESS: str = env.str("WRITEBACK_EGRESS_ADDRESS", default="default")

# --- Outgoing webhooks ------------------------------------------------------------

# The first key encrypts, all of them decrypt; see lending/db/encryption.py.
FIELD_ENCRYPTION_KEYS = [
    key.strip() for key in development("FIELD_ENCRYPTION_KEYS").split(",")
]
# To try receivers on one's own machine; in production it would lead anybody who names
# an address to what lies inside our network.
WEBHOOK_ALLOW_PRIVATE: bool = env.bool("WEBHOOK_ALLOW_PRIVATE", default=DEBUG)
if WEBHOOK_ALLOW_PRIVATE and not DEBUG:
    raise ImproperlyConfigured(
        "WEBHOOK_ALLOW_PRIVATE is only for DJANGO_DEBUG=true. Leave it out: webhooks "
        "are sent to public addresses alone."
    )

# --- Customers: their links and mails ----------------------------------------------

# How long a link opens that a customer was sent.
CUSTOMER_LINK_DAYS: int = env.int("CUSTOMER_LINK_DAYS", default=30)
vars().update(
    env.email_url(
        "EMAIL_URL", default="consolemail://" if DEBUG else "smtp://localhost:25"
    )
)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL: str = env.str(
    "DEFAULT_FROM_EMAIL",
    default=formataddr((LENDER_NAME, f"no-reply@{urlsplit(PUBLIC_BASE_URL).hostname}")),
)
# Shown to customers, and where their answers go: nobody reads what no-reply gets.
LENDER_CONTACT_EMAIL: str = env.str(
    "LENDER_CONTACT_EMAIL",
    default=parseaddr(env.str("DEFAULT_FROM_EMAIL", default=""))[1],
)

# --- Transport security -----------------------------------------------------------

# Only behind a proxy that sets X-Forwarded-Proto and adds to X-Forwarded-For itself:
# anybody else could forge them.
BEHIND_TLS_PROXY: bool = env.bool("BEHIND_TLS_PROXY", default=False)
# The addresses and networks of such proxies, where there are several in a row or where
# others reach us as well; empty: only one, and everything comes through it.
TRUSTED_PROXIES = [
    network(one)
    for one in env.str("TRUSTED_PROXIES", default="").split(",")
    if one.strip()
]
if TRUSTED_PROXIES and not BEHIND_TLS_PROXY:
    raise ImproperlyConfigured(
        "TRUSTED_PROXIES is set, but BEHIND_TLS_PROXY is not. Set "
        "BEHIND_TLS_PROXY=true as well, or leave TRUSTED_PROXIES out."
    )
if BEHIND_TLS_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT: bool = env.bool("SECURE_SSL_REDIRECT", default=not DEBUG)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS: int = env.int(
    "SECURE_HSTS_SECONDS", default=0 if DEBUG else 31_536_000
)
SECURE_HSTS_INCLUDE_SUBDOMAINS: bool = env.bool(
    "SECURE_HSTS_INCLUDE_SUBDOMAINS", default=False
)
SECURE_HSTS_PRELOAD: bool = env.bool("SECURE_HSTS_PRELOAD", default=False)
# As the cookie of a customer's visit; see xero_sync/portal/sittings.py.
IS_HTTPS = PUBLIC_BASE_URL.startswith("https:")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS or not DEBUG
# With this prefix browsers bind it to the host, so that no sub-domain can set it.
_bound = "__Host-" if SESSION_COOKIE_SECURE else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_bound}sessionid", f"{_bound}csrftoken"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
# Sub-domains and the preload list bind more than this application: the operator of the
# domain decides on them with the two settings above, so their absence is no fault.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

LOGGING = logging_settings(
    env.str("LOG_LEVEL", default="INFO"),
    as_json=env.str("LOG_FORMAT", default="line" if DEBUG else "json") == "json",
)
# Whoever reads /metrics sends it as a bearer token; empty: nobody reads them.
METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="")
