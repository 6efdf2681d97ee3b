"""What was given point by point and from which syringe; the time-out before the needle."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import pistor.records.base
from pistor.records.append_only import guard


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0010_planner'),
    ]

    operations = [
        migrations.CreateModel(
            name='TimeOut',
            fields=[
                ('id', models.UUIDField(default=pistor.records.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField()),
                ('passed', models.BooleanField()),
                ('patient_code', models.CharField(blank=True, max_length=60)),
                ('syringe_code', models.CharField(blank=True, max_length=60)),
                ('said', models.JSONField(default=list)),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.RemoveConstraint(
            model_name='zonedose',
            name='zone_dose_once_per_treatment',
        ),
        migrations.AddField(
            model_name='zonedose',
            name='given',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='zonedose',
            name='passes',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='zonedose',
            name='plan',
            field=models.CharField(blank=True, max_length=160),
        ),
        migrations.AddField(
            model_name='zonedose',
            name='planned_passes',
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='zonedose',
            name='syringe',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='zone_doses', to='records.syringe'),
        ),
        migrations.AddConstraint(
            model_name='zonedose',
            constraint=models.UniqueConstraint(condition=models.Q(('syringe__isnull', True)), fields=('treatment', 'plan', 'zone', 'side', 'technique'), name='zone_dose_once_per_treatment'),
        ),
        migrations.AddConstraint(
            model_name='zonedose',
            constraint=models.UniqueConstraint(condition=models.Q(('syringe__isnull', False)), fields=('treatment', 'plan', 'zone', 'side', 'technique', 'syringe'), name='zone_dose_once_per_syringe'),
        ),
        migrations.AddField(
            model_name='timeout',
            name='clinic',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.clinic'),
        ),
        migrations.AddField(
            model_name='timeout',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='timeout',
            name='syringe',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='time_outs', to='records.syringe'),
        ),
        migrations.AddField(
            model_name='timeout',
            name='treatment',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='time_outs', to='records.treatment'),
        ),
        migrations.RunPython(lambda apps, editor: guard(editor.connection), migrations.RunPython.noop),
    ]
