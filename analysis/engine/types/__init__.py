"""What the engine takes in and yields. Nothing here knows of a database, a queue or a user.

Media time is a float in seconds from the start of the file. Boxes are `xyxy` in 0–1 of the upright
frame, origin top left. Scores are in 0–1 and 1 always means manipulated. Names are imported from here, whichever
file they stand in.
"""

from analysis.engine.types.arrays import Floats, Pixels, Samples
from analysis.engine.types.batches import Batch, Consumes
from analysis.engine.types.condition import Condition
from analysis.engine.types.faces import FaceBatch, FaceCrop
from analysis.engine.types.file_facts import FileFacts
from analysis.engine.types.findings import DetectorEnded, EvidenceMade, ScorePoint, ScoresMeasured
from analysis.engine.types.footage import (
    FootageBatch,
    FootageFrame,
    FootageGap,
    FootageSettings,
    FootageTold,
    FoundBy,
    MotionTold,
    PlateSign,
    PlateTold,
    Snapshot,
    SnapshotPolicy,
    SourceOffline,
    SourceOnline,
    SourceTold,
    TrackTold,
)
from analysis.engine.types.frames import Frame, FrameBatch
from analysis.engine.types.media import MediaKind, Probe, Source
from analysis.engine.types.observations import Concluded, Observation
from analysis.engine.types.outcome import Outcome, OutcomeName
from analysis.engine.types.places import Box, Landmarks, Point
from analysis.engine.types.progress import (
    DetectorProgressed,
    DetectorStarted,
    Prepared,
    Probed,
    Stage,
    StageFinished,
    StageStarted,
)
from analysis.engine.types.reasons import Reason
from analysis.engine.types.sound import SoundBatch
from analysis.engine.types.stress import (
    Compared,
    Stress,
    StressStarted,
    VariantEnded,
    VariantStarted,
    VariantWorked,
)
from analysis.engine.types.verdicts import Assessment, Band, Coverage, NotAssessed, Verdict

__all__ = [
    "Assessment",
    "Band",
    "Batch",
    "Box",
    "Compared",
    "Concluded",
    "Condition",
    "Consumes",
    "Coverage",
    "DetectorEnded",
    "DetectorProgressed",
    "DetectorStarted",
    "EvidenceMade",
    "FaceBatch",
    "FaceCrop",
    "FileFacts",
    "Floats",
    "FootageBatch",
    "FootageFrame",
    "FootageGap",
    "FootageSettings",
    "FootageTold",
    "FoundBy",
    "Frame",
    "FrameBatch",
    "Landmarks",
    "MediaKind",
    "MotionTold",
    "NotAssessed",
    "Observation",
    "Outcome",
    "OutcomeName",
    "Pixels",
    "PlateSign",
    "PlateTold",
    "Point",
    "Prepared",
    "Probe",
    "Probed",
    "Reason",
    "Samples",
    "ScorePoint",
    "ScoresMeasured",
    "Snapshot",
    "SnapshotPolicy",
    "SoundBatch",
    "Source",
    "SourceOffline",
    "SourceOnline",
    "SourceTold",
    "Stage",
    "StageFinished",
    "StageStarted",
    "Stress",
    "StressStarted",
    "TrackTold",
    "VariantEnded",
    "VariantStarted",
    "VariantWorked",
    "Verdict",
]
