"""Runs the code of a notebook in this process and keeps what it shows beside it; nothing of Jupyter is needed. The cells are ours."""

from __future__ import annotations

import ast
import contextlib
import copy
import io
import json
from pathlib import Path
from typing import Any

TUTORIAL = Path(__file__).parent / "tutorial" / "delivery.ipynb"


def executed(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook with the outputs that its code has today, run from the first cell to the last."""
    done, scope = copy.deepcopy(notebook), {"__name__": "__main__"}
    code = [cell for cell in done["cells"] if cell["cell_type"] == "code"]
    for number, cell in enumerate(code, 1):
        cell["execution_count"] = number
        cell["outputs"] = _outputs("".join(cell["source"]), scope, number)
    return done


def _outputs(source: str, scope: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """What the code prints, and the value of its last line."""
    body = ast.parse(source).body
    last = body.pop() if body and isinstance(body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(ast.Module(body, []), f"<cell {number}>", "exec"), scope)  # noqa: S102
        value = eval(compile(ast.Expression(last.value), f"<cell {number}>", "eval"), scope) if last else None  # noqa: S307
    found: list[dict[str, Any]] = []
    if printed.getvalue():
        found.append({"output_type": "stream", "name": "stdout", "text": printed.getvalue().splitlines(keepends=True)})
    if value is not None:
        shown = {"text/plain": [repr(value)]}
        if hasattr(value, "_repr_svg_"):
            shown["image/svg+xml"] = value._repr_svg_().splitlines(keepends=True)
        found.append({"output_type": "execute_result", "execution_count": number, "metadata": {}, "data": shown})
    return found


def read(path: Path = TUTORIAL) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def write(notebook: dict[str, Any], path: Path = TUTORIAL) -> None:
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
