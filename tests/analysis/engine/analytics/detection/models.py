"""Tiny ONNX files: nets of the right or the wrong shape that always give the same array."""

from dataclasses import replace

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from analysis.engine.catalogue import CATALOGUE
from analysis.engine.weights import WeightStore, sha256_of

YOLOX_IN, YOLOX_OUT = (1, 3, 416, 416), (1, 3549, 85)
FASTESTDET_IN, FASTESTDET_OUT = (1, 3, 352, 352), (1, 85, 22, 22)


def giving(array, *, fed=YOLOX_IN, outputs=("output",)):
    """The bytes of a net that gives `array` whatever it is fed."""
    kind = helper.np_dtype_to_tensor_dtype(array.dtype)
    constant = numpy_helper.from_array(array)
    return serialised(
        [helper.make_node("Constant", [], [name], value=constant) for name in outputs],
        fed=fed,
        gives=[helper.make_tensor_value_info(name, kind, array.shape) for name in outputs],
    )


def giving_seven_rows():
    """A net whose output has, for a picture with black in it, seven rows; nobody can tell before it runs."""
    sizes = {"seven": [7], "one": [1], "columns": [85], "flat": [1]}
    weights = [numpy_helper.from_array(np.array(size, np.int64), name) for name, size in sizes.items()]
    weights.append(numpy_helper.from_array(np.zeros((1, 1, 85), np.float32), "row"))
    nodes = [
        helper.make_node("ReduceMin", ["images"], ["darkest"], keepdims=0),
        helper.make_node("Cast", ["darkest"], ["number"], to=TensorProto.INT64),
        helper.make_node("Reshape", ["number", "flat"], ["listed"]),
        helper.make_node("Add", ["listed", "seven"], ["rows"]),
        helper.make_node("Concat", ["one", "rows", "columns"], ["shape"], axis=0),
        helper.make_node("Expand", ["row", "shape"], ["output"]),
    ]
    gives = helper.make_tensor_value_info("output", TensorProto.FLOAT, ("a", "b", "c"))
    return serialised(nodes, fed=YOLOX_IN, gives=[gives], weights=weights)


def serialised(nodes, *, fed, gives, weights=()):
    taken = [helper.make_tensor_value_info("images", TensorProto.FLOAT, fed)]
    graph = helper.make_graph(nodes, "drawn", taken, gives, initializer=weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model.SerializeToString()


def reading_elsewhere(name):
    """A net whose only weight lies in another file of that name."""
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1])
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value=name)
    graph = helper.make_graph(
        [helper.make_node("Add", ["images", "w"], ["output"])],
        "drawn",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, YOLOX_IN)],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, YOLOX_IN)],
        initializer=[weight],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return model.SerializeToString()


def installed(folder, monkeypatch, key, content):
    """A store that holds these bytes as if they were the published file."""
    path = folder / CATALOGUE[key].file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    monkeypatch.setitem(CATALOGUE, key, replace(CATALOGUE[key], sha256=sha256_of(path)))
    return WeightStore(folder)


def rows(*filled, shape=YOLOX_OUT):
    """An output of YOLOX with these rows, by number, and nothing else in it."""
    array = np.zeros(shape, np.float32)
    for number, (place, presence, classes) in filled:
        array[0, number, :4] = place
        array[0, number, 4] = presence
        for kind, share in classes.items():
            array[0, number, 5 + kind] = share
    return array
