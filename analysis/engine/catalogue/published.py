"""What is known of one published weight file."""

from dataclasses import dataclass

GITHUB = "https://raw.githubusercontent.com"


@dataclass(frozen=True)
class Published:
    """One published file: where it comes from, what it must hash to, and under which terms.

    `file` is its place below the weights folder; `licence_files` are fetched or copied beside it.
    """

    key: str
    file: str
    sha256: str
    size_bytes: int
    title: str
    licence: str
    paper: str
    upstream: str
    licence_files: tuple[str, ...] = ()

    @property
    def repository(self) -> str:
        """The address of the repository's root at that commit, where its licence files lie."""
        return "/".join(self.upstream.split("/")[:6])

    @property
    def commit(self) -> str:
        """The first twelve digits of that commit."""
        return self.upstream.split("/")[5][:12]
