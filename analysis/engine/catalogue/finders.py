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

FINDERS: tuple[Published, ...] = (_YUNET,)
