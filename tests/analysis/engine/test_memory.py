"""However long a file is, only a few batches of it are in memory at once."""

import gc
import weakref

from analysis.engine.pipeline import Options
from analysis.engine.types import Consumes, FootageSettings, NotAssessed, Reason
from tests import clips
from tests.analysis.engine.footage import motions, tracks, watch
from tests.analysis.engine.plugins import Plain, card, ending, run

BATCH_FRAMES = 4


class Counting(Plain):
    """Keeps nothing, and counts how many frames it was fed are still alive."""

    def __init__(self, name, consumes=Consumes.FRAMES, **fields):
        super().__init__(card(name, consumes=consumes, **fields), keep=False)
        self.seen = []
        self.most = 0

    def feed(self, batch):
        self.seen += [weakref.ref(frame.rgb) for frame in getattr(batch, "frames", ())]
        gc.collect()
        self.most = max(self.most, sum(reference() is not None for reference in self.seen))
        return super().feed(batch)


class Watching(Counting):
    def feed(self, batch):
        super().feed(batch)
        return ()

    def finish(self):
        return NotAssessed(Reason.REPORTS_FACTS, "It watched.")


def test_frames_are_let_go_while_a_long_clip_is_read(tmp_path):
    clip = clips.write_video(tmp_path / "long.mp4", seconds=24.0)
    frames, faces = Counting("frames"), Counting("faces", Consumes.FACES)

    seen = run(clip, frames, faces, options=Options(sample_fps=10.0, batch_frames=BATCH_FRAMES))

    assert ending(seen, "frames").assessment.coverage.sampled == 240
    # two wait for each detector and for the face finder, one is in each one's hands, one in the feeder's
    assert frames.most <= 6 * BATCH_FRAMES


def test_frames_of_footage_are_let_go_too(tmp_path):
    clip = clips.write_video(tmp_path / "long.mp4", seconds=24.0)
    watching = Watching("watching", Consumes.FOOTAGE, forensic=False, by_default=False)
    options = Options(batch_frames=BATCH_FRAMES, footage=FootageSettings(snapshots="all"))

    seen = watch(clip, watching, options=options)

    assert len(watching.seen) == 240
    assert motions(seen)
    assert tracks(seen) == []
    # two wait for each of three detectors and for whoever finds objects, one is in each one's hands
    assert watching.most <= 12 * BATCH_FRAMES
