"""Syringes made from lots, devices and single-use items, prescriptions."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import pistor.records.base
from pistor.records.append_only import guard, unguard


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0007_drafts'),
    ]

    operations = [
        migrations.CreateModel(
            name='Device',
            fields=[
                ('id', models.UUIDField(default=pistor.records.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField()),
                ('kind', models.CharField(max_length=60)),
                ('name', models.CharField(max_length=120)),
                ('serial', models.CharField(blank=True, max_length=60)),
                ('service_due_on', models.DateField(null=True)),
                ('state', models.CharField(choices=[('in_use', 'In use'), ('out_of_use', 'Out of use')], default='in_use', max_length=12)),
                ('clinic', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.clinic')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='DeviceCleaning',
            fields=[
                ('id', models.UUIDField(default=pistor.records.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField()),
                ('method', models.CharField(max_length=20)),
                ('water', models.CharField(max_length=10)),
                ('note', models.CharField(blank=True, max_length=200)),
                ('clinic', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.clinic')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cleanings', to='records.device')),
            ],
        ),
        migrations.CreateModel(
            name='DeviceUse',
            fields=[
                ('id', models.UUIDField(default=pistor.records.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField()),
                ('settings', models.CharField(blank=True, max_length=200)),
                ('clinic', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.clinic')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('device', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='uses', to='records.device')),
                ('treatment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='device_uses', to='records.treatment')),
            ],
        ),
        migrations.CreateModel(
            name='Prescription',
            fields=[
                ('id', models.UUIDField(default=pistor.records.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField()),
                ('presentation', models.CharField(max_length=60)),
                ('directions', models.CharField(max_length=500)),
                ('valid_from', models.DateField()),
                ('valid_until', models.DateField()),
                ('clinic', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.clinic')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='prescriptions', to='records.patient')),
                ('treatment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.treatment')),
            ],
        ),
        migrations.CreateModel(
            name='PrescriptionEnd',
            fields=[
                ('id', models.UUIDField(default=pistor.records.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField()),
                ('reason', models.CharField(max_length=300)),
                ('clinic', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.clinic')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('prescription', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='end', to='records.prescription')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='SingleUse',
            fields=[
                ('id', models.UUIDField(default=pistor.records.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField()),
                ('kind', models.CharField(max_length=20)),
                ('code', models.CharField(blank=True, max_length=60)),
                ('clinic', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.clinic')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lot', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='single_uses', to='records.lot')),
                ('treatment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='single_uses', to='records.treatment')),
            ],
        ),
        migrations.CreateModel(
            name='Syringe',
            fields=[
                ('id', models.UUIDField(default=pistor.records.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField()),
                ('code', models.CharField(max_length=10)),
                ('volume_ml', models.DecimalField(decimal_places=3, max_digits=8)),
                ('look', models.CharField(choices=[('clear', 'As it should look, and no particles'), ('particles', 'Particles'), ('changed', 'Cloudy, coloured or in layers'), ('not_said', 'Not looked at yet')], default='not_said', max_length=10)),
                ('look_note', models.CharField(blank=True, max_length=200)),
                ('looked_at', models.DateTimeField(null=True)),
                ('checked_at', models.DateTimeField(null=True)),
                ('use_before', models.DateTimeField()),
                ('use_before_basis', models.CharField(max_length=400)),
                ('started_at', models.DateTimeField(null=True)),
                ('state', models.CharField(choices=[('ready', 'Ready'), ('given', 'Given'), ('discarded', 'Discarded')], default='ready', max_length=10)),
                ('state_at', models.DateTimeField()),
                ('state_reason', models.CharField(blank=True, max_length=200)),
                ('checked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('clinic', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.clinic')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('formulation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.formulation')),
                ('looked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='syringes', to='records.patient')),
                ('treatment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='syringes', to='records.treatment')),
            ],
        ),
        migrations.CreateModel(
            name='Draw',
            fields=[
                ('id', models.UUIDField(default=pistor.records.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField()),
                ('presentation', models.CharField(max_length=60)),
                ('volume_ml', models.DecimalField(decimal_places=3, max_digits=8)),
                ('clinic', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.clinic')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('lot', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='draws', to='records.lot')),
                ('vial', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='draws', to='records.vial')),
                ('syringe', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='draws', to='records.syringe')),
            ],
        ),
        migrations.AddConstraint(
            model_name='device',
            constraint=models.UniqueConstraint(condition=models.Q(('serial', ''), _negated=True), fields=('clinic', 'kind', 'serial'), name='device_once_per_clinic'),
        ),
        migrations.AddIndex(
            model_name='devicecleaning',
            index=models.Index(fields=['device', '-created_at'], name='cleaning_of_device'),
        ),
        migrations.AddConstraint(
            model_name='deviceuse',
            constraint=models.UniqueConstraint(fields=('device', 'treatment'), name='device_once_per_treatment'),
        ),
        migrations.AddIndex(
            model_name='prescription',
            index=models.Index(fields=['patient', 'presentation', '-valid_until'], name='prescription_of_patient'),
        ),
        migrations.AddConstraint(
            model_name='prescription',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until__gte', models.F('valid_from'))), name='prescription_ends_after_it_begins'),
        ),
        migrations.AddConstraint(
            model_name='singleuse',
            constraint=models.UniqueConstraint(condition=models.Q(('code', ''), _negated=True), fields=('clinic', 'code'), name='single_use_once'),
        ),
        migrations.AddConstraint(
            model_name='syringe',
            constraint=models.UniqueConstraint(fields=('clinic', 'code'), name='syringe_code_once_per_clinic'),
        ),
        migrations.AddIndex(
            model_name='draw',
            index=models.Index(fields=['lot', 'syringe'], name='draw_of_lot'),
        ),
        migrations.AddConstraint(
            model_name='draw',
            constraint=models.UniqueConstraint(condition=models.Q(('vial__isnull', True)), fields=('syringe', 'lot'), name='draw_of_lot_once_per_syringe'),
        ),
        migrations.AddConstraint(
            model_name='draw',
            constraint=models.UniqueConstraint(condition=models.Q(('vial__isnull', False)), fields=('syringe', 'vial'), name='draw_of_vial_once_per_syringe'),
        ),
        migrations.AddConstraint(
            model_name='draw',
            constraint=models.CheckConstraint(condition=models.Q(('volume_ml__gt', 0)), name='draw_positive'),
        ),
        migrations.RunPython(lambda apps, editor: guard(editor.connection), lambda apps, editor: unguard(editor.connection)),
    ]
