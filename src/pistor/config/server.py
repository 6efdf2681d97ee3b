"""How the server runs: settings of gunicorn, read from this file by ``./pistor start``."""

from __future__ import annotations

import gc
import os
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy starts: every request has a thread of its own already

wsgi_app = "pistor.config.wsgi:application"
worker_class = "gthread"
threads = 4
limit_request_line = 8190  # a map with a hundred points chosen one by one is previewed by its address
preload_app = True  # the application is imported once and shared by the workers: a quicker start and half the memory
keepalive = 75
loglevel = "warning"


def when_ready(server: Any) -> None:
    """Before there are workers: read the knowledge and import every page once for all of them, so that no first request of a worker waits.

    Who connects meanwhile waits in the queue of the socket, which is open.
    """
    from django.urls import get_resolver

    from pistor.knowledge import load

    load()
    get_resolver().url_patterns  # noqa: B018
    gc.collect()
    gc.freeze()  # what is there now stays as long as the process, and is shared: the collector need not look at it again
