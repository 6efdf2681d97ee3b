"""Drafts of single changes, shared where several people work on one form."""

import re

from django.db import migrations, models
from django.db.models import Q

SHARED = re.compile(r"/visits/[0-9a-f-]+/(injection-map|treatment|consent)/#")


def share(apps, schema_editor):
    """The newest draft of a form that is shared from now on becomes the shared one; the others stay their persons' own."""
    drafts, done = apps.get_model("records", "Draft").objects, set()
    for pk, clinic, key in drafts.order_by("-saved_at").values_list("pk", "clinic_id", "key"):
        if SHARED.match(key) and (clinic, key) not in done:
            done.add((clinic, key))
            drafts.filter(pk=pk).update(shared=True)


class Migration(migrations.Migration):
    dependencies = [("records", "0006_stock")]

    operations = [
        migrations.RemoveConstraint("draft", "draft_once_per_person"),
        migrations.AddField("draft", "shared", models.BooleanField(default=False)),
        migrations.AddField("draft", "marks", models.JSONField(default=dict)),
        migrations.AddField("draft", "places", models.JSONField(default=dict)),
        migrations.AddField("draft", "sequence", models.PositiveBigIntegerField(default=1)),
        migrations.AddConstraint("draft", models.UniqueConstraint(fields=["created_by", "key"], condition=Q(shared=False), name="draft_once_per_person")),
        migrations.AddConstraint("draft", models.UniqueConstraint(fields=["clinic", "key"], condition=Q(shared=True), name="draft_once_per_clinic")),
        migrations.RunPython(share, migrations.RunPython.noop, elidable=True),
    ]
