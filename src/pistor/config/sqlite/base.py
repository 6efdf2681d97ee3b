"""SQLite as Django speaks it, but a writer that has to wait for another looks again every few milliseconds.

SQLite's own waiting naps longer and longer, up to a tenth of a second, so with eight people saving at once the unlucky one waits
for seconds while the lock is free again and again.
"""

from __future__ import annotations

import random
import time

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

NAP_S = (0.001, 0.004)  # a transaction of ours holds the lock for about ten


class DatabaseWrapper(base.DatabaseWrapper):  # type: ignore[misc]
    def _start_transaction_under_autocommit(self) -> None:
        longest_s = float(self.settings_dict["OPTIONS"].get("timeout", 5))
        until = time.monotonic() + longest_s
        with self.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout=0")
            try:
                while not self._began(until):
                    time.sleep(random.uniform(*NAP_S))  # noqa: S311 - not in step with the others
            finally:
                cursor.execute(f"PRAGMA busy_timeout={longest_s * 1000:.0f}")

    def _began(self, until: float) -> bool:
        try:
            super()._start_transaction_under_autocommit()
        except OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            return False
        return True
