"""What the person who stresses a verdict may choose, and where the copies lie meanwhile."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class StressOrder:
    """`budget_seconds` is for all copies together, made and examined; `scratch` is made and removed by us.

    stall_seconds: a copy of which nothing was heard for that long is given up, and so are those after it.
    """

    budget_seconds: float
    scratch: Path
    stall_seconds: float = 30.0
