from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', "0009_recall"),
    ]

    operations = [
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
