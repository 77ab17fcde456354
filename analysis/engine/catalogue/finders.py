"""Nets that find what others judge."""

from analysis.engine.catalogue.published import GITHUB, Published

_YUNET = Published(
    key="yunet",
    file="yunet/yunet_n_640_640.onnx",
    sha256="25a606a145a5b6d7271ae138fbd00eba91dad8b83222ae3f2c7ecd0f4a7b0e31",
    size_bytes=317466,
    title="YuNet-n (face finder)",
    licence="Apache-2.0",
    paper="Wu et al., YuNet: a tiny millisecond-level face detector, Machine Intelligence Research 2023",
    upstream=f"{GITHUB}/ShiqiYu/libfacedetection.train/0047ac24afb1a50a0c6105001c89d1b5b805dbf1"
    "/onnx/yunet_n_640_640.onnx",
    licence_files=("LICENSE",),
)

_YOLOX_NANO = Published(
    key="yolox-nano",
    file="yolox/yolox_nano.onnx",
    sha256="695e750a5d5754bb5a8d5325643b59282191a7e7a564e435a415fd3c578eab14",
    size_bytes=3660092,
    title="YOLOX-nano (object finder)",
    licence="Apache-2.0",
    paper="Ge et al., YOLOX: exceeding YOLO series in 2021, arXiv 2107.08430, 2021",
    upstream=f"{GITHUB}/Kazuhito00/YOLOX-ONNX-TFLite-Sample/3d4f1119d0694200671c08069ecb847aa0d8495a"
    "/model/yolox_nano.onnx",
    licence_files=("LICENSE",),
)

_FASTESTDET = Published(
    key="fastestdet",
    file="fastestdet/FastestDet.onnx",
    sha256="31cb14c017fce347cb4c846ec62fdf00d76bb3beecdf4be21e7116ac67feb880",
    size_bytes=998169,
    title="FastestDet (object finder)",
    licence="BSD-3-Clause",
    paper="none; the repository FastestDet, dog-qiuqiu 2022",
    upstream=f"{GITHUB}/dog-qiuqiu/FastestDet/50473cd155cb088aa4a99e64ff6a4b3c24fa07e1"
    "/example/onnx-runtime/FastestDet.onnx",
    licence_files=("LICENSE.md",),
)

FINDERS: tuple[Published, ...] = (_YUNET, _YOLOX_NANO, _FASTESTDET)
