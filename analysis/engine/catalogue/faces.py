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
)
