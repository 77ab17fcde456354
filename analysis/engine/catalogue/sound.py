"""Nets that judge sound."""

from analysis.engine.catalogue.published import GITHUB, Published

_AASIST = f"{GITHUB}/clovaai/aasist/a04c9863f63d44471dde8a6abcb3b082b07cd1d1/models/weights"
_AASIST_PAPER = (
    "Jung et al., AASIST: audio anti-spoofing using integrated spectro-temporal graph attention networks, "
    "ICASSP 2022"
)


def _aasist(key: str, name: str, sha256: str, size_bytes: int) -> Published:
    return Published(
        key=key,
        file=f"aasist/{name}.pth",
        sha256=sha256,
        size_bytes=size_bytes,
        title=name,
        licence="MIT",
        paper=_AASIST_PAPER,
        upstream=f"{_AASIST}/{name}.pth",
        licence_files=("LICENSE", "NOTICE"),
    )


SOUND: tuple[Published, ...] = (
    _aasist(
        "aasist-l",
        "AASIST-L",
        "814331d088032bb4c3fa61cc014789eadeed464209dd094ab3a2dd6ffbdce27a",
        426428,
    ),
    _aasist(
        "aasist",
        "AASIST",
        "51d2d9cf0738172f61e2a384ec50a54a55363240f67c971ed55a92435bc1a1c0",
        1281532,
    ),
)
