"""Pages that scan may run the code reader, which is WebAssembly; no other page may run any."""

from __future__ import annotations

from csp.constants import SELF, WASM_UNSAFE_EVAL
from csp.decorators import csp_update

scans = csp_update({"script-src": [SELF, WASM_UNSAFE_EVAL]})
