"""What the child of a watched source is told, over its pipe and nowhere else: it holds credentials."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from analysis.engine.watching.source import LiveSource, Patience


@dataclass(frozen=True)
class LiveOrder:
    """began: when watching began, in time.monotonic, which is one clock for all processes of a machine.

    From `number` and `from_seconds` on the pictures of this stretch are counted and timed; those before `shown_from`
    were shown by a stretch before, and are only decoded.
    """

    kind: str
    address: str = field(repr=False)
    user: str = field(repr=False)
    password: str = field(repr=False)
    pinned_ip: str | None
    authorities: str | None
    pace: str
    loop: bool
    may_drop: bool
    open_seconds: float
    stall_seconds: float
    max_fps: float
    frame_skip: int
    began: float
    number: int
    from_seconds: float
    shown_from: int

    @classmethod
    def of(
        cls,
        source: LiveSource,
        patience: Patience,
        *,
        max_fps: float,
        frame_skip: int,
        began: float,
        number: int,
        from_seconds: float,
        shown_from: int,
    ) -> Self:
        return cls(
            kind=source.kind,
            address=source.address,
            user=source.user,
            password=source.password,
            pinned_ip=source.pinned_ip,
            authorities=str(source.authorities.absolute()) if source.authorities else None,
            pace=source.pace,
            loop=source.loop,
            may_drop=source.may_drop,
            open_seconds=patience.open_seconds,
            stall_seconds=patience.stall_seconds,
            max_fps=max_fps,
            frame_skip=frame_skip,
            began=began,
            number=number,
            from_seconds=from_seconds,
            shown_from=shown_from,
        )

    @classmethod
    def parse(cls, said: Mapping[str, Any]) -> Self:
        return cls(**said)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def trusted(self) -> Path | None:
        """Whose certificates count besides those this machine trusts."""
        return Path(self.authorities) if self.authorities else None

    @property
    def is_live(self) -> bool:
        return self.kind != "file"

    @property
    def silent_seconds(self) -> float:
        """After so much silence of the camera the child gives up by itself; the parent, who knows why, is sooner."""
        return self.stall_seconds + 2.0
