"""What the benchmarks share: percentiles, the noise marker, the machine's name, Django on the benchmark's database."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import platform
import subprocess
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def setup_django() -> None:
    """Django on the benchmark's own data folder, or on the database ``PISTOR_DATABASE_URL`` names."""
    os.environ.setdefault("PISTOR_DATA", str(ROOT / "var" / "bench"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "pistor.config.settings"
    import django

    django.setup()


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))] if ordered else float("nan")


def noise() -> float:
    """Seconds a fixed single-core job takes; a shared machine inflates it."""
    begin = time.perf_counter()
    block = b"x" * 65536
    for _ in range(1500):
        hashlib.sha256(block).digest()
    sum(i * i for i in range(2_000_000))
    return round(time.perf_counter() - begin, 3)


def machine() -> dict[str, Any]:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    cpu = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    return {"cpu": cpu, "cores": os.cpu_count(), "python": platform.python_version(), "date": dt.date.today().isoformat()}


def report(name: str, rows: list[dict[str, Any]], out: str | None, **about: Any) -> None:
    """A table on standard output, and JSON where asked."""
    if rows:
        columns = list(dict.fromkeys(key for row in rows for key in row))
        widths = {column: max(len(column), *(len(str(row.get(column, ""))) for row in rows)) for column in columns}
        print("  ".join(column.ljust(widths[column]) for column in columns))
        for row in rows:
            print("  ".join(str(row.get(column, "")).ljust(widths[column]) for column in columns))
    if out:
        Path(out).write_text(json.dumps({"benchmark": name, "machine": machine(), **about, "rows": rows}, indent=1))


def memory_mb(pid: int) -> dict[str, float]:
    """Resident (RSS) and proportional (PSS) memory of a process and its children; PSS counts shared pages once."""
    pids, todo = [], [pid]
    while todo:
        current = todo.pop()
        pids.append(current)
        children = subprocess.run(["pgrep", "-P", str(current)], capture_output=True, text=True).stdout.split()
        todo += map(int, children)
    rss = pss = 0
    for current in pids:
        try:
            for line in Path(f"/proc/{current}/smaps_rollup").read_text().splitlines():
                key, *rest = line.split()
                rss += int(rest[0]) if key == "Rss:" else 0
                pss += int(rest[0]) if key == "Pss:" else 0
        except OSError:
            continue
    return {"processes": len(pids), "rss_mb": round(rss / 1024, 1), "pss_mb": round(pss / 1024, 1)}
