"""Settings read from the environment. Each reader fails with a sentence that says what to do."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

LOCAL, PRODUCTION, TEST = "local", "production", "test"


def mode() -> str:
    value = os.environ.get("PISTOR_MODE", LOCAL)
    if value not in (LOCAL, PRODUCTION, TEST):
        raise ImproperlyConfigured(f"PISTOR_MODE is {value!r}; set it to local, production or test.")
    return value


def data_folder() -> Path:
    """Where SQLite and the local key live; made if it is not there, readable by its owner only."""
    folder = Path(os.environ.get("PISTOR_DATA", Path.cwd() / "var"))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def secret_key(current_mode: str) -> str:
    """The signing key: from the environment in production, made once and kept in the data folder elsewhere."""
    key = os.environ.get("PISTOR_SECRET_KEY", "")
    if current_mode == PRODUCTION:
        if len(key) < 50 or len(set(key)) < 10:
            raise ImproperlyConfigured(
                "PISTOR_SECRET_KEY is missing or weak; set it to at least 50 random characters, for example the output of "
                "python3 -c 'import secrets; print(secrets.token_urlsafe(64))'."
            )
        return key
    if key:
        return key
    path = data_folder() / "secret_key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(64))
    return path.read_text()


def allowed_hosts(current_mode: str) -> list[str]:
    hosts = [host.strip() for host in os.environ.get("PISTOR_ALLOWED_HOSTS", "").split(",") if host.strip()]
    if current_mode == PRODUCTION and (not hosts or "*" in hosts):
        raise ImproperlyConfigured("PISTOR_ALLOWED_HOSTS is missing or holds *; set it to the host names of this clinic, separated by commas.")
    return hosts or ["127.0.0.1", "localhost", "[::1]", "testserver"]
