"""Nets that judge faces."""

from analysis.engine.catalogue.published import GITHUB, Published

_MESO = f"{GITHUB}/DariusAf/MesoNet/2144d56a30e48cdcac1976ff13a1c5cdc86376c6/weights"
_MESO_PAPER = "Afchar et al., MesoNet: a compact facial video forgery detection network, WIFS 2018"


def _meso(key: str, name: str, sha256: str, size_bytes: int) -> Published:
    return Published(
        key=key,
        file=f"mesonet/{name}.h5",
        sha256=sha256,
        size_bytes=size_bytes,
        title=name.replace("_", ", "),
        licence="Apache-2.0",
        paper=_MESO_PAPER,
        upstream=f"{_MESO}/{name}.h5",
        licence_files=("LICENSE", "NOTICE"),
    )


_CLASSNSEG = f"{GITHUB}/nii-yamagishilab/ClassNSeg/87e506fddb9f36ef14f9bd1f6496f86d7faef0fd/checkpoints"
_CLASSNSEG_PAPER = (
    "Nguyen et al., Multi-task learning for detecting and segmenting manipulated facial images and videos, "
    "BTAS 2019"
)


def _classnseg(training: str, part: str, sha256: str, size_bytes: int) -> Published:
    folder, _, number = training.partition("_")
    return Published(
        key=f"classnseg-{folder}-{part}",
        file=f"classnseg/{folder}_{part}_{number}.pt",
        sha256=sha256,
        size_bytes=size_bytes,
        title=f"ClassNSeg, {folder}, {part}",
        licence="BSD-3-Clause",
        paper=_CLASSNSEG_PAPER,
        upstream=f"{_CLASSNSEG}/{folder}/{part}_{number}.pt",
        licence_files=("LICENSE",),
    )


_SILENTFACE = f"{GITHUB}/minivision-ai/Silent-Face-Anti-Spoofing/b6d5f04ad78778917853b25c778acef6d5626d15"


def _silentface(key: str, name: str, title: str, sha256: str, size_bytes: int) -> Published:
    return Published(
        key=key,
        file=f"silentface/{name}.pth",
        sha256=sha256,
        size_bytes=size_bytes,
        title=title,
        licence="Apache-2.0",
        paper="none; the repository Silent-Face-Anti-Spoofing, Minivision 2020",
        upstream=f"{_SILENTFACE}/resources/anti_spoof_models/{name}.pth",
        licence_files=("LICENSE",),
    )


_LADEDA = (
    f"{GITHUB}/barcavia/RealTime-DeepfakeDetection-in-the-RealWorld/e734562bbb6763f5bb2951099e9dc9a38df5e7dd"
)


def _ladeda(key: str, name: str, sha256: str, size_bytes: int) -> Published:
    return Published(
        key=key,
        file=f"tiny_ladeda_research_only/{name}_Tiny_LaDeDa.pth",
        sha256=sha256,
        size_bytes=size_bytes,
        title=f"Tiny-LaDeDa, {name}",
        licence="Yissum research licence, research use only",
        paper="Cavia et al., Real-time deepfake detection in the real world, arXiv 2406.09398, 2024",
        upstream=f"{_LADEDA}/weights/Tiny_LaDeDa/{name}_Tiny_LaDeDa.pth",
        licence_files=("LICENSE",),
    )


FACES: tuple[Published, ...] = (
    _meso(
        "meso4-df",
        "Meso4_DF",
        "036ed30d04ffd9c7506f825b97c86aa64915f5818931da96817b169aad790af5",
        156128,
    ),
    _meso(
        "meso4-f2f",
        "Meso4_F2F",
        "bcfda015d217b9f8d6557693edbdf9f4e79cfd22672541968dd0e2954462b5d7",
        156128,
    ),
    _meso(
        "mesoinception4-df",
        "MesoInception_DF",
        "234586d40058e76ef8b6f27ca4b63c06e31c2a5a69c0d8ba6f30b1468ab7bafa",
        197504,
    ),
    _meso(
        "mesoinception4-f2f",
        "MesoInception_F2F",
        "d4533ac8a3197dc35c47405d23d99e888c1d0135e267e03540c7451feaccff3f",
        197504,
    ),
    _classnseg(
        "full_46",
        "encoder",
        "ffb23169bf325217a9319a304992735b9da882027883ae0d09517a8ff2223dbf",
        605713,
    ),
    _classnseg(
        "full_46",
        "decoder",
        "0c4e45cdc9e1edbad4f0cc72eed1f1a97f7308bf8ad0227b439d020ead15ca2d",
        643518,
    ),
    _classnseg(
        "finetune_26",
        "encoder",
        "4929550da58045bda182f6e57c211fabfca1bfd189f85e8654914bd408b7dd89",
        605713,
    ),
    _classnseg(
        "finetune_26",
        "decoder",
        "b27b1472da12886a05ddd2fcd09010b7c11b13082de4b957dea236a60aae2606",
        643518,
    ),
    _silentface(
        "minifasnet-v2",
        "2.7_80x80_MiniFASNetV2",
        "MiniFASNetV2",
        "a5eb02e1843f19b5386b953cc4c9f011c3f985d0ee2bb9819eea9a142099bec0",
        1849453,
    ),
    _silentface(
        "minifasnet-v1se",
        "4_0_0_80x80_MiniFASNetV1SE",
        "MiniFASNetV1SE",
        "84ee1d37d96894d5e82de5a57df044ef80a58be2b218b5ed7cdfd875ec2f5990",
        1856130,
    ),
    _ladeda(
        "tiny-ladeda-wildrf",
        "WildRF",
        "5e063100564d2ddfe9bf48074e351c8f2b38855552574a18a0738e7f2a764d80",
        11654,
    ),
    _ladeda(
        "tiny-ladeda-forensynth",
        "ForenSynth",
        "4624258c70489cbff2778153ce6fc7f5ed16170b59a541a06dc3d4c759fd68a6",
        12405,
    ),
)
