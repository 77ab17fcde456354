"""A client of Assay: report progress, follow runs without losing an event, upload without starting over."""

from assay_client.client import AsyncClient
from assay_client.errors import (
    AssayError,
    BadAnswer,
    ChainBroken,
    Conflict,
    Gone,
    Invalid,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    NotRecovered,
    Problem,
    ServerTrouble,
    TooLarge,
    TooMany,
    Undelivered,
    Unreachable,
)
from assay_client.events import Event, Thinned
from assay_client.reporting import Job, ProgressReporter
from assay_client.sync import Client, SyncProgressReporter
from assay_client.uploading import Sent, Uploaded
from assay_client.waiting_reports import TooManyWaiting

__version__ = "0.1.0"
__all__ = [
    "AssayError",
    "AsyncClient",
    "BadAnswer",
    "ChainBroken",
    "Client",
    "Conflict",
    "Event",
    "Gone",
    "Invalid",
    "Job",
    "NotAllowed",
    "NotAuthenticated",
    "NotFound",
    "NotRecovered",
    "Problem",
    "ProgressReporter",
    "Sent",
    "ServerTrouble",
    "SyncProgressReporter",
    "Thinned",
    "TooLarge",
    "TooMany",
    "TooManyWaiting",
    "Undelivered",
    "Unreachable",
    "Uploaded",
]
