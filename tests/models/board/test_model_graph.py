"""The graph of a model, as TensorBoard draws it."""

import json

import pytest
from support.settings import conditions

from pipeline.board.graph import graph
from pipeline.training import models


def drawn(model):
    return {node.name: node for node in graph(json.loads(model.to_json())).node}


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_each_layer_is_a_node_with_its_kind_and_shape(precision, caplog):
    model, _ = models.build("mlp", {}, (28, 28, 1), 10, precision)
    nodes = drawn(model)
    assert set(nodes) == {layer.name for layer in model.layers}
    assert nodes["logits"].op == "Dense"
    assert list(nodes["scale"].input) == ["images"]
    shape = nodes["logits"].attr["_output_shapes"].list.shape[0]
    assert [dim.size for dim in shape.dim] == [-1, 10]
    assert not caplog.records


def test_the_parts_of_a_mirrored_model_are_connected():
    model, _ = models.build("mlp", {}, (28, 28, 1), 10, conditions().precision)
    nodes = drawn(models.mirrored(model))
    inner = f"{model.name}/images"
    assert inner in nodes
    assert "images" in {name for node in nodes.values() for name in node.input}
