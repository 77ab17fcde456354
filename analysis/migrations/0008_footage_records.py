from typing import Any

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from analysis.engine.analytics.plates.signs import normalised

CHUNK = 1000
_READ = (
    "SELECT s.id, s.plate, CASE WHEN jsonb_typeof(e.data->'plate') = 'string' THEN e.data->>'plate' END"
    " FROM analysis_sighting s JOIN realtime_event e ON e.topic_id = s.topic_id AND e.seq = s.seq"
    " WHERE s.event_type = 'anpr' AND s.id > %s ORDER BY s.id LIMIT %s"
)


def remake_plates(apps: Any, schema_editor: Any) -> None:
    """Plates were searched by every letter of every script; now by what people and readers take for one another."""
    last = 0
    with schema_editor.connection.cursor() as cursor:
        while True:
            cursor.execute(_READ, [last, CHUNK])
            rows = cursor.fetchall()
            if not rows:
                return
            last = rows[-1][0]
            # as the dialect reads a text
            made = [(normalised((read or "").strip()[:64]), number, kept) for number, kept, read in rows]
            changed = [(plate, number) for plate, number, kept in made if plate != kept]
            cursor.executemany("UPDATE analysis_sighting SET plate = %s WHERE id = %s", changed)


class Migration(migrations.Migration):

    dependencies = [
        ('analysis', '0007_cameras'),
        ('realtime', '0004_job_tombstone'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='sighting',
            index=models.Index(condition=models.Q(('snapshot_path', ''), _negated=True), fields=['snapshot_path'], name='sighting_snapshot'),
        ),
        migrations.AddIndex(
            model_name='sighting',
            index=models.Index(condition=models.Q(('plate', ''), _negated=True), fields=['plate'], name='sighting_plate'),
        ),
        migrations.AddField(
            model_name='sighting',
            name='plate_hash',
            field=models.CharField(blank=True, default='', max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='sighting',
            name='plate_sealed',
            field=models.TextField(blank=True, default=''),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name='sighting',
            index=models.Index(condition=models.Q(('plate_hash', ''), _negated=True), fields=['plate_hash'], name='sighting_plate_hash'),
        ),
        migrations.CreateModel(
            name='PlateSearch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.CharField(max_length=254)),
                ('asked', models.CharField(blank=True, max_length=64)),
                ('asked_hash', models.CharField(blank=True, max_length=64)),
                ('asked_sealed', models.TextField(blank=True)),
                ('filters', models.JSONField(default=dict)),
                ('found', models.IntegerField(null=True)),
                ('created', models.DateTimeField(db_index=True, default=django.utils.timezone.now, editable=False)),
                ('user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='plate_searches', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'plate searches',
            },
        ),
        migrations.RunPython(remake_plates, migrations.RunPython.noop, elidable=True),
    ]
