"""How the server runs: settings of gunicorn, read from this file by ``./pistor start``."""

from __future__ import annotations

import gc
import os
import threading
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy starts: every request has a thread of its own already

wsgi_app = "pistor.config.wsgi:application"
worker_class = "gthread"
threads = 4
limit_request_line = 8190  # a map with a hundred points chosen one by one is previewed by its address
preload_app = True  # the application is imported once and shared by the workers: a quicker start and half the memory
keepalive = 75
loglevel = "warning"


def post_worker_init(worker: Any) -> None:
    """Read the knowledge while nobody waits yet, so that the first page does not have to."""
    threading.Thread(target=_read_knowledge, daemon=True).start()


def _read_knowledge() -> None:
    from pistor.knowledge import load

    load()
    gc.collect()
    gc.freeze()  # the knowledge stays as long as the process: nothing in it needs to be looked at again by the collector
