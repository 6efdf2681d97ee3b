"""``load_demo``: a clinic of invented patients to try everything on."""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from pistor.actions.demo import USERS, load_demo


class Command(BaseCommand):
    help = "Load the demo clinic, once. Every patient in it is invented."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            self.stderr.write("The demo clinic is not loaded in production. Unset PISTOR_MODE to try Pistor on your own computer.")
            return
        password = secrets.token_urlsafe(9)
        if not load_demo(at=timezone.now(), password=password):
            self.stdout.write("The demo clinic is already there.")
            return
        lines = ["Demo clinic: every patient is invented. Sign in as", *(f"  {name:<14} {role}" for name, role, *_ in USERS), f"with the password  {password}"]
        notice = settings.DATA_FOLDER / "demo-sign-in.txt"
        notice.touch(mode=0o600)
        notice.write_text("\n".join(lines) + "\n")
        self.stdout.write("The demo clinic is loaded.")
