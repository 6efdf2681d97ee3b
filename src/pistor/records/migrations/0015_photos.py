import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import pistor.records.base
from pistor.records.locks import guard, unguard


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0014_lots'),
    ]

    operations = [
        migrations.RunPython(migrations.RunPython.noop, lambda apps, editor: guard(editor.connection)),  # going back leaves the earlier tables guarded
        migrations.CreateModel(
            name='PhotoErasure',
            fields=[
                ('id', models.UUIDField(default=pistor.records.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField()),
                ('reason', models.CharField(max_length=300)),
                ('clinic', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.clinic')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('photo', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='erasure', to='records.photo')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='PhotoUse',
            fields=[
                ('id', models.UUIDField(default=pistor.records.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField()),
                ('use', models.CharField(choices=[('teaching', 'Teaching'), ('publication', 'Publication')], max_length=11)),
                ('agreed', models.BooleanField()),
                ('clinic', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.clinic')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('photo', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='records.photo')),
            ],
            options={
                'abstract': False,
            },
        ),
        # The new tables are locked too, and the lock of photographs gets its one opening.
        migrations.RunPython(lambda apps, editor: guard(editor.connection), lambda apps, editor: unguard(editor.connection)),
    ]
