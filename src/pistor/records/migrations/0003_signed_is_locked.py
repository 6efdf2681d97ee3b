"""The database refuses to change or remove what was signed.

SQLite drops a table's triggers when a later migration rebuilds the table: such a migration calls ``guard`` again.
"""

from django.db import migrations

from pistor.records.locks import guard, unguard


class Migration(migrations.Migration):
    dependencies = [("records", "0002_audit_is_append_only")]
    operations = [
        migrations.RunPython(
            lambda apps, editor: guard(editor.connection),
            lambda apps, editor: unguard(editor.connection),
        ),
    ]
