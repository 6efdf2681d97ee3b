"""One door to the benchmarks: ``run.py NAME [options]``."""

from __future__ import annotations

import importlib
import sys

NAMES = ("seed", "pages", "serve", "peers", "assess", "start", "knowledge", "delivery", "recall", "recall_alert", "faults", "planner", "interactions")


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] not in NAMES:
        print(f"Name a benchmark: {', '.join(NAMES)}. See benchmarks/README.md.", file=sys.stderr)
        return 2
    return importlib.import_module(f"benchmarks.{sys.argv[1]}").main(sys.argv[2:]) or 0


if __name__ == "__main__":
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    sys.exit(main())
