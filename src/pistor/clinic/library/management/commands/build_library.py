"""Write the library as a static site: what ``./pistor docs`` runs."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pistor.clinic.library.site import build
from pistor.knowledge import load


class Command(BaseCommand):
    help = "Write every entry of the library as a page into a folder."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("out", type=Path)

    def handle(self, *args: Any, out: Path, **options: Any) -> None:
        try:
            pages = build(load(), out)
        except OSError as error:
            raise CommandError(f"{out} could not be written ({error.strerror}). Give another folder.") from None
        self.stdout.write(f"{pages} pages: open {out / 'index.html'}")
