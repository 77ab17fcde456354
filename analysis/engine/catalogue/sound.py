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
    Published(
        key="rawgat-st",
        file="rawgat_st/RawGAT_ST_mul.pth",
        sha256="8a91ce8201d42119cbfb9ebca8850e5914f1a85959b3ca962819783738c2a9e2",
        size_bytes=1858500,
        title="RawGAT-ST (multiplicative fusion)",
        licence="MIT",
        paper="Tak et al., End-to-end spectro-temporal graph attention networks for speaker verification "
        "anti-spoofing and speech deepfake detection, ASVspoof workshop 2021",
        upstream=f"{GITHUB}/eurecom-asp/RawGAT-ST-antispoofing/e3b049f79b3cd9552e66f6d0ba844cbb9399c479"
        "/Pre_trained_models/RawGAT_ST_mul/Best_epoch.pth",
        licence_files=("LICENSE",),
    ),
    Published(
        key="lfcc-lcnn",
        file="lcnn/lfcc_lcnn_lstm_toy.pt",
        sha256="111d4ff1a4ce0e910531f3c6faa6e8f0b43e4c4fd0846bdef304a6222838eb25",
        size_bytes=1122189,
        title="LFCC-LCNN-LSTM (toy training set)",
        licence="BSD-3-Clause",
        paper="Wang and Yamagishi, A comparative study on recent neural spoofing countermeasures for synthetic "
        "speech detection, Interspeech 2021",
        upstream=f"{GITHUB}/nii-yamagishilab/project-NN-Pytorch-scripts/112ec0ff021e58a6c92e945547e7bfb21c11424e"
        "/project/04-asvspoof2021-toy/lfcc-lcnn-lstm-sig_toy_example/__pretrained/trained_network.pt",
        licence_files=("LICENSE",),
    ),
)
