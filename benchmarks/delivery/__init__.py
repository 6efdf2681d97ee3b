"""The delivery engine beside its peers: reference problem, hold-outs, face plan."""

from __future__ import annotations


def main(arguments: list[str]) -> None:
    from benchmarks.delivery.report import main as report

    report(arguments)
