"""Snapshots from before their bytes were counted say so (null), and the keeper of a worker counts them."""

from typing import Any

from django.db import migrations, models

CHUNK = 10_000


def uncount(apps: Any, schema_editor: Any) -> None:
    """In portions, each committed: the table may be long, and is written to meanwhile."""
    sighting = apps.get_model("analysis", "Sighting")
    last = 0
    pictured = sighting.objects.exclude(snapshot_path="").order_by("pk").values_list("pk", flat=True)
    while some := list(pictured.filter(pk__gt=last)[:CHUNK]):
        sighting.objects.filter(pk__in=some, snapshot_bytes=0).update(snapshot_bytes=None)
        last = some[-1]


def forget(apps: Any, schema_editor: Any) -> None:
    """As it was before: what was not counted is 0."""
    apps.get_model("analysis", "Sighting").objects.filter(snapshot_bytes=None).update(snapshot_bytes=0)


class Migration(migrations.Migration):

    atomic = False

    dependencies = [("analysis", "0013_alert_teams")]

    operations = [
        migrations.AlterField(
            model_name="sighting",
            name="snapshot_bytes",
            field=models.BigIntegerField(default=0, null=True),
        ),
        migrations.RunPython(uncount, forget),
        # last: begun again after an interruption the others do no harm
        migrations.AddIndex(
            model_name="sighting",
            index=models.Index(condition=models.Q(("snapshot_bytes", None)), fields=["topic"], name="sighting_uncounted"),
        ),
    ]
