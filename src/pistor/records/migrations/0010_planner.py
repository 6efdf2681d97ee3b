import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import pistor.records.base


class Migration(migrations.Migration):

    dependencies = [
        ('records', "0009_recall"),
    ]

    operations = [
        migrations.CreateModel(
            name='BodyMark',
            fields=[
                ('id', models.UUIDField(default=pistor.records.base.uuid7, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField()),
                ('kind', models.CharField(choices=[('scar', 'Scar'), ('implant', 'Implant'), ('reaction', 'Earlier reaction'), ('other', 'Other')], max_length=10)),
                ('text', models.CharField(blank=True, max_length=200)),
                ('map', models.CharField(max_length=60)),
                ('map_version', models.PositiveIntegerField()),
                ('outline', models.JSONField()),
                ('noted_on', models.DateField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('ended_reason', models.CharField(blank=True, max_length=300)),
                ('clinic', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='records.clinic')),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('ended_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='body_marks', to='records.patient')),
            ],
            options={
                'indexes': [models.Index(fields=['patient', '-created_at'], name='body_mark_of_patient')],
            },
        ),
        migrations.AddField(
            model_name='injectionplan',
            name='zones',
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name='injectionplan',
            name='scale',
            field=models.JSONField(default=dict),
        ),
    ]
