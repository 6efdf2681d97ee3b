"""Cold and warm ``./pistor start``, until the sign-in page answers."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from benchmarks.common import ROOT, memory_mb, report


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="./pistor bench start")
    parser.add_argument("--out")
    parser.add_argument("--port", type=int, default=8790)
    parser.add_argument("--fresh", action="store_true", help="also time a copy of the checkout that has no environment yet")
    options = parser.parse_args(arguments)
    rows: list[dict[str, Any]] = []
    data = Path(tempfile.mkdtemp())
    if options.fresh:
        copy = Path(tempfile.mkdtemp()) / "pistor"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(copy)], check=True)
        rows.append({"start": "fresh clone, nothing installed", **timed(copy, data / "fresh", options.port)})
    rows.append({"start": "cold: new data folder", **timed(ROOT, data / "cold", options.port)})
    rows += [{"start": f"warm {number}", **timed(ROOT, data / "cold", options.port)} for number in (1, 2, 3)]
    shutil.rmtree(data, ignore_errors=True)
    report("start", rows, options.out)


def timed(root: Path, data: Path, port: int) -> dict[str, Any]:
    begin = time.perf_counter()
    server = subprocess.Popen([str(root / "pistor"), "start", "--port", str(port), "--data", str(data)], stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        while time.perf_counter() - begin < 600:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in/", timeout=2):
                    seconds = round(time.perf_counter() - begin, 2)
                    return {"seconds": seconds, **memory_mb(server.pid)}
            except OSError:
                if server.poll() is not None:
                    raise SystemExit(f"the server ended with {server.returncode}") from None
                time.sleep(0.02)
        raise SystemExit("the server did not answer within ten minutes")
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)
