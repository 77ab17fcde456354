"""A stored file that is gone: the run fails with a sentence, and no place of this machine is told."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from analysis.models import Media
from tests.flows import workers
from tests.product import Program

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_run_of_a_file_that_is_gone_fails_and_the_worker_goes_on(
    start_worker: Callable[..., Program], tmp_path: Path
) -> None:
    env = workers.install_plugin(tmp_path / "plugins")
    gone, clip = workers.make_clip(tmp_path, seconds=2.0), workers.make_clip(tmp_path)
    (Path(settings.ASSAY_HOME) / "media" / gone.path).unlink()
    run, after = workers.ask(gone, "calm"), workers.ask(clip, "calm")

    start_worker("--device", "cpu", **env)

    workers.wait_for_state(run, "succeeded", "failed", limit=60)
    assert (run.state, run.error_code) == ("failed", "media_missing")
    assert Media.objects.get(pk=gone.pk).filename in run.error_message
    told = " ".join(event.body for event in workers.events(run))
    assert str(settings.ASSAY_HOME) not in told + run.error_message
    workers.assert_sound_log(run)
    workers.wait_for_state(after, "succeeded", "failed", limit=60)
    assert after.state == "succeeded"
