"""A published ONNX file that runs: read once, verified in memory, on a bounded number of threads.

Rounds the same every time: one order of operations, no threads that wait by spinning, the CPU alone.
"""

import hashlib
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.engine.catalogue import CATALOGUE
from analysis.engine.errors import UnusableWeights, UnverifiedWeights
from analysis.engine.types import Floats
from analysis.engine.weights import WeightStore

FATAL_ONLY = 4  # what ONNX Runtime would write beside our own sentence about it


@dataclass(frozen=True)
class Shape:
    """What a net is fed and what it gives, float32 both."""

    given: tuple[int, ...]
    gives: tuple[int, ...]


class Network:
    """A net of one input and one output, whose shapes are known beforehand.

    content: a whole ONNX file; `file` is what it is called in sentences. Raises UnusableWeights where it does not run.
    """

    def __init__(self, content: bytes, file: str, shape: Shape, *, threads: int) -> None:
        self._file, self._shape = file, shape
        self._session = _opened(content, file, threads)
        self._input = _fitting(self._session.get_inputs(), shape.given, f"{file} takes")
        _fitting(self._session.get_outputs(), shape.gives, f"{file} gives")

    def __call__(self, values: Floats) -> Floats:
        """Raises UnusableWeights where what comes out is not what the file promised."""
        try:
            (out,) = self._session.run(None, {self._input: values})
        except Exception as error:  # ONNX Runtime's own kinds have no common name
            raise UnusableWeights(f"{self._file} does not run: {_said(error)}") from error
        if out.shape != self._shape.gives:
            raise UnusableWeights(f"{self._file} gave {out.shape}, not {self._shape.gives}.")
        return np.asarray(out, np.float32)


def content_of(weights: WeightStore, key: str) -> bytes:
    """The verified content of a catalogue entry. Raises UnverifiedWeights where it is missing or another."""
    content = weights.path(key).read_bytes()
    # by now the name may lead to another file than the one that was verified
    if hashlib.sha256(content).hexdigest() != CATALOGUE[key].sha256:
        raise UnverifiedWeights(f"{CATALOGUE[key].file} has just become another file; it is not loaded.")
    return content


def _opened(content: bytes, file: str, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = min(threads, len(os.sched_getaffinity(0)))
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    options.log_severity_level = FATAL_ONLY
    for kind in ("intra_op", "inter_op"):
        options.add_session_config_entry(f"session.{kind}.allow_spinning", "0")
    try:
        # from memory, so that it can refer to no other file
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # whatever ONNX Runtime thinks of a broken file
        raise UnusableWeights(f"ONNX Runtime cannot load {file}: {_said(error)}") from error


def _fitting(ports: Any, shape: tuple[int, ...], told: str) -> str:
    """The name of the only port, which has that shape; a size left open fits any."""
    if len(ports) != 1 or ports[0].type != "tensor(float)":
        kinds = ", ".join(port.type for port in ports)
        raise UnusableWeights(f"{told} {kinds}, not one tensor(float): it is another net.")
    stated = ports[0].shape
    fits = len(stated) == len(shape) and all(
        one == wanted for one, wanted in zip(stated, shape, strict=True) if isinstance(one, int)
    )
    if not fits:
        raise UnusableWeights(f"{told} {stated}, not {list(shape)}: it is another net.")
    return str(ports[0].name)


def _said(error: Exception) -> str:
    return str(error).partition("\n")[0][:300]
