"""What the kit and the process that runs a detector tell each other, as lines of JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from analysis.engine.conformance.terms import Terms

PATHS = ("genuine", "manipulated")


@dataclass(frozen=True)
class Job:
    """Whom to try. `target` is written like an entry point: module, or module:attribute.

    terms: those to hold it to, None for its own. reference: another pair than theirs. folder: empty, for what
    is drawn. out: the descriptor that answers go to.
    """

    target: str
    name: str
    weights: Path
    device: str
    folder: Path
    terms: Terms | None = None
    reference: tuple[Path, Path] | None = None
    out: int = -1

    def dump(self) -> bytes:
        return json.dumps(asdict(self), default=str).encode() + b"\n"

    @classmethod
    def read(cls, line: bytes) -> Self:
        given: dict[str, Any] = json.loads(line)
        terms, pair = given.pop("terms"), given.pop("reference")
        return cls(
            **given | {name: Path(given[name]) for name in ("weights", "folder")},
            terms=_terms(terms) if terms else None,
            reference=(Path(pair[0]), Path(pair[1])) if pair else None,
        )


def _terms(given: Mapping[str, Any]) -> Terms:
    files = {name: Path(given[name]) for name in PATHS if given[name]}
    return Terms(**{**given, **files})
