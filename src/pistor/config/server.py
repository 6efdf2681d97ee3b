"""How the server runs: settings of gunicorn, read from this file by ``./pistor start``."""

from __future__ import annotations

import threading
from typing import Any

wsgi_app = "pistor.config.wsgi:application"
worker_class = "gthread"
threads = 4
preload_app = True  # the application is imported once and shared by the workers: a quicker start and half the memory
keepalive = 75
loglevel = "warning"


def post_worker_init(worker: Any) -> None:
    """Read the knowledge while nobody waits yet, so that the first page does not have to."""
    from pistor.knowledge import load

    threading.Thread(target=load, daemon=True).start()
