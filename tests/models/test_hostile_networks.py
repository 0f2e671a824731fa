"""Files of others may be damaged or hostile: each is refused in one sentence, and none takes the program with it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import numpy as np
import onnx
import pytest
import small_networks as small
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from models.errors import NetworkError
from models.importing import onnx_file
from models.importing.inspecting import inspect

PICTURE = np.random.default_rng(5).integers(0, 256, (48, 64, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("onnx") / "good.onnx"
    return small.save(path, small.detr(), sizes=True, metadata={"names": "{0: 'a'}"}).read_bytes()


def refused(path: Path) -> str:
    with pytest.raises(NetworkError) as caught:
        inspect(path, PICTURE, timeout=60)
    sentence = str(caught.value)
    assert sentence.startswith(path.name)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def test_a_good_file_is_read_and_says_what_its_maker_noted(good: bytes) -> None:
    said = onnx_file.read(good)
    assert said.metadata == {"names": "{0: 'a'}"}
    assert said.nodes == 10


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_bytes_are_changed_the_reader_reads_or_says_in_a_sentence_why_not(
    good: bytes, data: st.DataObject
) -> None:
    changed = bytearray(good)
    for _ in range(data.draw(st.integers(1, 6))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(changed)))
    for tried in (bytes(changed), bytes(changed[:cut])):
        with contextlib.suppress(NetworkError):  # and no other
            onnx_file.read(tried)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_bytes_that_are_no_onnx_are_refused(data: bytes) -> None:
    with pytest.raises(NetworkError, match=r"is no ONNX file|is empty|has a tensor|keeps its weights|has sparse"):
        onnx_file.read(data)


def test_a_file_that_is_missing_empty_a_folder_or_something_else_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in refused(tmp_path / "none.onnx")
    assert "is no file" in refused(tmp_path)
    empty, text = tmp_path / "empty.onnx", tmp_path / "text.onnx"
    empty.write_bytes(b"")
    text.write_text("this is no network, whatever its name says\n" * 50, encoding="utf-8")
    assert "is empty" in refused(empty)
    assert "is no ONNX file" in refused(text)


def test_a_file_that_was_cut_off_is_refused(good: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cut.onnx"
    path.write_bytes(good[: len(good) // 2])
    assert "is no ONNX file, or it is damaged" in refused(path)


def test_weights_in_another_file_are_refused_wherever_that_lies() -> None:
    outside = numpy_helper.from_array(np.zeros(3, np.float32), "w")
    outside.ClearField("raw_data")
    outside.data_location = TensorProto.EXTERNAL
    entry = outside.external_data.add()
    entry.key, entry.value = "location", "../../etc/passwd"
    for place in ("initializer", "attribute"):
        with pytest.raises(NetworkError, match="in another file"):
            onnx_file.read(_with(outside, place))


def test_tensors_that_are_huge_or_larger_than_what_lies_there_are_refused() -> None:
    huge = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1 << 40, 1 << 40])
    with pytest.raises(NetworkError, match="absurd size"):
        onnx_file.read(_with(huge, "initializer"))
    negative = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[-1])
    with pytest.raises(NetworkError, match="absurd size"):
        onnx_file.read(_with(negative, "initializer"))
    lying = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1000], raw_data=b"1234")
    with pytest.raises(NetworkError, match="another size than it says"):
        onnx_file.read(_with(lying, "initializer"))


def test_thousands_upon_thousands_of_steps_and_graphs_within_graphs_are_refused() -> None:
    node = helper.make_node("Identity", ["x"], ["x"])
    many = helper.make_model(helper.make_graph([node] * (onnx_file.MOST_NODES + 1), "g", [], []))
    with pytest.raises(NetworkError, match="steps, which no detector needs"):
        onnx_file.read(many.SerializeToString())
    graph = helper.make_graph([node], "g", [], [])
    for _ in range(20):
        graph = helper.make_graph([helper.make_node("If", ["x"], ["y"], then_branch=graph)], "g", [], [])
    with pytest.raises(NetworkError, match="graphs within graphs"):
        onnx_file.read(helper.make_model(graph).SerializeToString())


@pytest.mark.parametrize("side", [16, 8192])
def test_an_input_of_an_absurd_size_is_refused(side: int, tmp_path: Path) -> None:
    path = small.save(tmp_path / "absurd.onnx", small.one(small.yolo(3)), side=side)
    assert f"{side} x {side} pixels makes no sense" in str(refused_with_any_words(path))


def refused_with_any_words(path: Path) -> NetworkError:
    with pytest.raises(NetworkError) as caught:
        inspect(path, PICTURE)
    return caught.value


def test_a_graph_that_asks_for_all_memory_is_ended_by_its_bound(tmp_path: Path) -> None:
    shape = numpy_helper.from_array(np.array([1, 84, 1 << 28], np.int64), "shape")
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=0),
        helper.make_node("Expand", ["mean", "shape"], ["output"]),
    ]
    picture = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 84, 1 << 28])
    graph = helper.make_graph(nodes, "bomb", [picture], [output], [shape])
    path = tmp_path / "bomb.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    assert refused(path)


def test_a_graph_that_never_ends_is_ended(tmp_path: Path) -> None:
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["on"], ["on_out"]),
            helper.make_node("MatMul", ["x", "x"], ["x_out"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 64, 64]),
        ],
        [
            helper.make_tensor_value_info("on_out", TensorProto.BOOL, []),
            helper.make_tensor_value_info("x_out", TensorProto.FLOAT, [1, 3, 64, 64]),
        ],
    )
    constants = [
        numpy_helper.from_array(np.array(1 << 60, np.int64), "trips"),
        numpy_helper.from_array(np.array(True), "true"),
    ]
    graph = helper.make_graph(
        [helper.make_node("Loop", ["trips", "true", "images"], ["output"], body=body)],
        "endless",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 64, 64])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 3, 64, 64])],
        constants,
    )
    path = tmp_path / "endless.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    with pytest.raises(NetworkError, match=r"^endless.onnx "):
        inspect(path, PICTURE, timeout=8)


def test_networks_for_other_tasks_or_of_other_inputs_are_refused_with_the_reason(tmp_path: Path) -> None:
    pose = small.save(tmp_path / "pose.onnx", small.one(small.yolo(52)), metadata={"task": "pose"})
    assert "another task ('pose')" in refused(pose)
    grey = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 64, 64])
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 64, 64])
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "grey", [grey], [output])
    path = tmp_path / "grey.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    assert "not of 3 colours" in refused(path)


def _with(tensor: TensorProto, place: str) -> bytes:
    """A graph with a tensor among its weights, or in a node's attribute."""
    node = helper.make_node("Identity", ["x"], ["y"])
    if place == "attribute":
        node = helper.make_node("Constant", [], ["y"])
        attribute = node.attribute.add()
        attribute.name, attribute.type = "value", onnx.AttributeProto.TENSOR
        attribute.t.CopyFrom(tensor)
    graph = helper.make_graph([node], "g", [], [], [tensor] if place == "initializer" else [])
    return bytes(helper.make_model(graph).SerializeToString())
