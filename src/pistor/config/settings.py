"""Django settings. What differs between machines comes from the environment (see :mod:`pistor.config.environment`)."""

from __future__ import annotations

import os
from pathlib import Path

import dj_database_url
from csp.constants import NONE, SELF

from pistor.config import environment

PACKAGE = Path(__file__).resolve().parent.parent
MODE = environment.mode()
PRODUCTION = MODE == environment.PRODUCTION

DEBUG = False
DATA_FOLDER = environment.data_folder()
SECRET_KEY = environment.secret_key(MODE)
ALLOWED_HOSTS = environment.allowed_hosts(MODE)
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("PISTOR_TRUSTED_ORIGINS", "").split(",") if origin]

STEPS = (
    "consultation", "candidacy", "alternatives", "formulation", "injection_map", "course",
    "consent", "treatment", "aftercare", "reactions", "outcomes", "maintenance",
)  # fmt: skip

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "pistor.records",
    "pistor.actions",
    "pistor.clinic.shared",
    "pistor.clinic.patients",
    "pistor.clinic.visit",
    "pistor.clinic.stock",
    "pistor.clinic.syringes",
    "pistor.clinic.devices",
    "pistor.clinic.prescriptions",
    "pistor.clinic.photos",
    "pistor.clinic.settings",
    "pistor.clinic.recall",
    "pistor.clinic.library",
    "pistor.clinic.delivery",
    *(f"pistor.clinic.{step}" for step in STEPS),
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "pistor.clinic.shared.middleware.ClinicMiddleware",
    "axes.middleware.AxesMiddleware",
]

if MODE == environment.TEST:  # the test server hands out static files from their sources
    MIDDLEWARE.remove("whitenoise.middleware.WhiteNoiseMiddleware")

ROOT_URLCONF = "pistor.config.urls"
WSGI_APPLICATION = "pistor.config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "pistor.clinic.shared.context.frame",
            ],
            "builtins": ["pistor.clinic.shared.templatetags.pistor"],
        },
    }
]

_DATABASE_URL = os.environ.get("PISTOR_DATABASE_URL") or f"sqlite:///{DATA_FOLDER / 'pistor.sqlite3'}"
DATABASES = {"default": dj_database_url.parse(_DATABASE_URL, conn_max_age=0 if MODE == environment.TEST else 600)}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["ENGINE"] = "pistor.config.sqlite"
    # IMMEDIATE takes the write lock when a transaction begins, so that a second writer waits instead of failing half-way.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
    # A file, so that the browser stories' server and the test see one database, each with its own connection.
    DATABASES["default"]["TEST"] = {"NAME": DATA_FOLDER / f"test-{os.getpid()}.sqlite3"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "records.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "pistor.clinic.shared.sign_in.ClinicBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign_in"
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "shared/locked_out.html"
AXES_DISABLE_ACCESS_LOG = True

SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "pistor.clinic.shared.errors.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 60 * 1024 * 1024  # a 50 MB bundle is answered with a sentence, not cut off
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "static/"
STATIC_ROOT = DATA_FOLDER / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if MODE == environment.TEST
        else "pistor.config.static.HashedFiles"
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
