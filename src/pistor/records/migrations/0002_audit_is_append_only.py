"""The database refuses to change or remove an audit event.

SQLite drops a table's triggers when a later migration rebuilds the table: such a migration calls ``guard`` again.
"""

from django.db import migrations

from pistor.records.append_only import guard, unguard


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial")]
    operations = [
        migrations.RunPython(
            lambda apps, editor: guard(editor.connection),
            lambda apps, editor: unguard(editor.connection),
        ),
    ]
