"""Why an external job failed, made so that the log takes it: a failure must not go unheard for what it says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from realtime.envelope import Draft, EventRefused, fitting, prepare

ERROR_LIMIT = 8000


@dataclass(frozen=True)
class Failure:
    """Why a job failed, and where."""

    error: str
    stage: str
    metadata: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, error: str, stage: str, metadata: Mapping[str, Any] | None) -> Self:
        """The error as far as it can be kept, and the metadata if they can."""
        made = cls(_readable(error), stage, metadata)
        return made if made._is_taken() else cls(made.error, stage)

    @property
    def message(self) -> str:
        return fitting(f"Error: {self.error}")

    def draft(self, job_id: str, progress: float) -> Draft:
        """The line that says it."""
        told = {"job_id": job_id, "stage": self.stage, "progress": progress, "error": self.error}
        more = {} if self.metadata is None else {"metadata": self.metadata}
        return Draft("job.failed", self.message, told | more, ending=True)

    def _is_taken(self) -> bool:
        try:
            prepare(self.draft("\U0001f4a5" * 128, 1.0))  # no job id takes more bytes
        except EventRefused:
            return False
        return True


def _readable(error: str) -> str:
    text = error.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    return text[:ERROR_LIMIT] or "unknown error"
