"""A server of its own that a test may kill."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Server:
    """The server as ``./pistor start`` runs it, with a data folder of its own.

    In mode ``test`` it has no files of scripts and styles; ``local`` has them once they were collected.
    """

    def __init__(self, data: Path, mode: str = "test") -> None:
        self.data, self.log = data, data / "server.log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PISTOR_", "DJANGO_"))}
        own = {"PISTOR_MODE": mode, "PISTOR_DATA": str(data), "DJANGO_SETTINGS_MODULE": "pistor.config.settings", "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
        self.environment = {**kept, **own}

    def run(self, code: str) -> str:
        done = subprocess.run([sys.executable, "-c", code], env=self.environment, cwd=self.data, capture_output=True, text=True, timeout=3600)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> None:
        bound = ["--bind", f"127.0.0.1:{self.port}", "--workers", "2"]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "--config", "python:pistor.config.server", *bound],
                env=self.environment, cwd=self.data, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with contextlib.suppress(OSError, http.client.HTTPException):
                link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
                link.request("GET", "/health/")
                if link.getresponse().status == 200:
                    return
            time.sleep(0.05)
        raise AssertionError(f"the server did not start: {self.log.read_text()}")

    def kill(self) -> None:
        """The master and its workers at once, as when the power goes."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(20)
