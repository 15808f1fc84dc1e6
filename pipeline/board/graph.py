"""The graph of a model for TensorBoard: one node a layer, with its kind and its output's shape."""

from collections.abc import Iterator, Mapping
from typing import Any

from tensorboard.compat.proto.graph_pb2 import GraphDef
from tensorboard.plugins.graph.keras_util import keras_model_to_graph_def


def graph(model: Mapping[str, Any]) -> GraphDef:
    """Turn what Keras' `to_json` gives into a graph."""
    found = keras_model_to_graph_def(_with_plain_types(model))
    shapes = dict(_outputs(model))
    # Without the name of the model, which would be one box around all of it.
    outer = f"{model['config']['name']}/"
    for node in found.node:
        node.name = node.name.removeprefix(outer)
        node.input[:] = [name.removeprefix(outer) for name in node.input]
        node.op = node.attr["keras_class"].s.decode()
        if shape := shapes.get(node.name.rpartition("/")[2]):
            dims = node.attr["_output_shapes"].list.shape.add()
            for size in shape:
                dims.dim.add(size=-1 if size is None else size)
    return found


def _with_plain_types(part: Any) -> Any:
    """Replace each dtype policy by the type that its layer computes in."""
    if isinstance(part, list):
        return [_with_plain_types(item) for item in part]
    if not isinstance(part, Mapping):
        return part
    if part.get("class_name") == "DTypePolicy":
        return part["config"]["name"].removeprefix("mixed_")
    return {key: _with_plain_types(value) for key, value in part.items()}


def _outputs(part: Any) -> Iterator[tuple[str, list[int | None]]]:
    """Yield layers and the shapes of their outputs, as they stand where these are inputs."""
    if isinstance(part, list):
        for item in part:
            yield from _outputs(item)
    elif isinstance(part, Mapping):
        if part.get("class_name") == "__keras_tensor__":
            yield part["config"]["keras_history"][0], part["config"]["shape"]
        else:
            for value in part.values():
                yield from _outputs(value)
