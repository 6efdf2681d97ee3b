"""The command that loads the demo clinic, and where it leaves the sign-in."""

from __future__ import annotations

import io
from functools import partial

from django.core.management import call_command

from pistor.actions.demo import load_demo
from pistor.actions.management.commands import load_demo as command
from pistor.records.people import Clinic, User


def test_the_sign_in_is_written_for_a_local_start_and_never_in_production(db, tmp_path, settings, monkeypatch):
    monkeypatch.setattr(command, "load_demo", partial(load_demo, patients=4))  # whoever signs in is the same however many patients there are
    settings.DATA_FOLDER, settings.PRODUCTION = tmp_path, True
    call_command("load_demo", stderr=io.StringIO())
    assert not Clinic.objects.exists()
    settings.PRODUCTION = False
    call_command("load_demo", stdout=io.StringIO())
    notice = tmp_path / "demo-sign-in.txt"
    password = notice.read_text().split()[-1]
    assert User.objects.get(username="nurse").check_password(password)
    assert notice.stat().st_mode & 0o077 == 0
