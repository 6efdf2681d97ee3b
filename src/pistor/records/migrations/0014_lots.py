import django.db.models.deletion
from django.db import migrations, models

from pistor.records.locks import guard


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0013_rooms'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='treatment',
            name='treatment_by_operator',
        ),
        migrations.AddIndex(
            model_name='treatment',
            index=models.Index(fields=['performed_by', 'given_on', 'patient', 'clinic', 'id'], name='treatment_by_operator'),
        ),
        migrations.AddIndex(
            model_name='treatment',
            index=models.Index(fields=['room', 'given_on', 'patient', 'clinic', 'id'], name='treatment_in_room'),
        ),
        migrations.AddIndex(
            model_name='zonedose',
            index=models.Index(fields=['treatment', 'zone', 'side', 'syringe'], name='zone_dose_seen'),
        ),
        migrations.AddField(
            model_name='lotcorrection',
            name='syringe',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='lot_corrections', to='records.syringe'),
        ),
        migrations.AddField(
            model_name='lotcorrection',
            name='vial',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='lot_corrections', to='records.vial'),
        ),
        migrations.RemoveConstraint(
            model_name='lotcorrection',
            name='lot_corrected_once_per_amendment',
        ),
        migrations.AddConstraint(
            model_name='lotcorrection',
            constraint=models.UniqueConstraint(condition=models.Q(('syringe__isnull', True)), fields=('amendment', 'lot'), name='lot_corrected_once_per_amendment'),
        ),
        migrations.AddConstraint(
            model_name='lotcorrection',
            constraint=models.UniqueConstraint(condition=models.Q(('syringe__isnull', False), ('vial__isnull', True)), fields=('amendment', 'syringe', 'lot'), name='lot_corrected_once_per_syringe'),
        ),
        migrations.AddConstraint(
            model_name='lotcorrection',
            constraint=models.UniqueConstraint(condition=models.Q(('vial__isnull', False)), fields=('amendment', 'syringe', 'vial'), name='vial_corrected_once_per_syringe'),
        ),
        migrations.AddConstraint(
            model_name='lotcorrection',
            constraint=models.CheckConstraint(condition=models.Q(('vial__isnull', True), ('syringe__isnull', False), _connector='OR'), name='lot_correction_vial_in_syringe'),
        ),
        # What was unique in the table itself makes SQLite build it anew, and its triggers go with the old one.
        migrations.RunPython(lambda apps, editor: guard(editor.connection), migrations.RunPython.noop),
    ]
