"""Media, the runs that examine them, and what came of it.

Cameras, alerts and retention have their models in packages of their own.
"""

from analysis.alerts.models import Alert, AlertCursor, AlertRule, WatchedPlate
from analysis.cameras.models import Camera, CameraState
from analysis.models.media import Media
from analysis.models.results import Calibration, DetectorCard, Evidence, Result, Trace
from analysis.models.runs import Run, RunLease, Worker
from analysis.models.sightings import PlateSearch, Sighting
from analysis.models.uploads import Tombstone, Upload
from analysis.retention.models import LegalHold, SnapshotTally

__all__ = [
    "Alert",
    "AlertCursor",
    "AlertRule",
    "Calibration",
    "Camera",
    "CameraState",
    "DetectorCard",
    "Evidence",
    "LegalHold",
    "Media",
    "PlateSearch",
    "Result",
    "Run",
    "RunLease",
    "Sighting",
    "SnapshotTally",
    "Tombstone",
    "Trace",
    "Upload",
    "WatchedPlate",
    "Worker",
]
