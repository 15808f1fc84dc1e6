"""The chosen model: a drawing of its layers, their table, and Keras' own summary."""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pipeline.page.run import NAMES, Run

if TYPE_CHECKING:
    import keras

# Layers that change no value at inference or only the form of the values.
UNDRAWN = {"InputLayer", "Rescaling", "Dropout", "Activation", "ReLU", "Softmax"}
SHORT = {
    "MaxPooling2D": "MaxPool",
    "AveragePooling2D": "AvgPool",
    "GlobalAveragePooling2D": "mean",
    "GlobalMaxPooling2D": "max",
    "ZeroPadding2D": "padding",
    "Cropping2D": "crop",
}
# Boxes in the drawing; a network with more layers is drawn by the sizes of its maps.
MOST_BOXES = 14
HEIGHT, LEAST_HEIGHT = 150.0, 14.0
# Pixels between two boxes, and of the page's column. Gaps shrink to fit, and then boxes to a half.
GAP, LEAST_GAP, COLUMN, LEAST_SHARE = 46.0, 30.0, 1000.0, 0.5
SUMMARY_WIDTH = 88
MERGED = "several"
LEFT = 34.0


def section(run: Run) -> dict[str, Any]:
    """Return the layers of the released tuned model; only its specification without models/."""
    specification = run.results.specification(NAMES[0])
    scores = run.metrics[NAMES[0]]
    facts: dict[str, Any] = {
        "specification": specification,
        "layers": [],
        "drawing": None,
        # Results of older versions have neither.
        "multiply_adds": scores.get("multiply_adds"),
        "weights": scores.get("weights", []),
    }
    if run.model is None:
        return facts
    from pipeline.evaluation import heat_maps

    model = heat_maps.core(run.model)
    layers = _layers(model)
    return facts | {
        "layers": layers,
        "drawing": drawing(layers),
        "summary": summary(model),
        "mirrored": model is not run.model,
        "parameters": run.model.count_params(),
        "index": run.index,
    }


def summary(model: "keras.Model") -> list[str]:
    """Return the lines that `model.summary()` prints, whatever the width of the terminal.

    Lines, because a template shows a line end within a value as an escape.
    """
    printed: list[str] = []
    with environment(COLUMNS=str(SUMMARY_WIDTH + 2)):  # where Keras cuts the lines
        model.summary(print_fn=printed.append, line_length=SUMMARY_WIDTH)
    return "\n".join(printed).strip("\n").split("\n")


@contextmanager
def environment(**values: str) -> Iterator[None]:
    """Set environment variables while the block runs."""
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _layers(model: "keras.Model") -> list[dict[str, Any]]:
    """Return a row a layer: kind, output shape without the batch, parameters, receptive field."""
    from pipeline.training.receptive_field import receptive_fields

    fields = receptive_fields(model)
    side = max(model.input_shape[1:3])
    rows = []
    for layer in model.layers:
        field = fields.get(layer.name)
        shape = [int(extent) for extent in layer.output.shape[1:]]
        rows.append(
            {
                "name": layer.name,
                "kind": type(layer).__name__,
                "shape": shape,
                "detail": _detail(layer),
                "parameters": layer.count_params(),
                "field": field,
                "whole": field is None or field >= side,
            }
        )
    return rows


def _detail(layer: "keras.Layer") -> str:
    """Write what a layer does besides its kind: window and stride, units, activation, rate."""
    parts = []
    kernel = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    if kernel:
        parts.append("×".join(map(str, kernel)))
        if max(layer.strides) > 1:
            parts.append(f"stride {layer.strides[0]}")
    activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
    if activation != "linear":
        parts.append(activation)
    if rate := getattr(layer, "rate", None):
        parts.append(f"rate {rate:g}")
    return ", ".join(parts)


def drawing(layers: list[dict[str, Any]]) -> dict[str, Any]:
    """Place one box a layer for an SVG: as high as its maps, as deep as it has channels.

    Layers that change no shape (normalisation, activation) are part of the box before them, and
    equal layers in a row are one box. If there are still too many, those whose maps have one size
    are drawn as one.
    """
    boxes: list[dict[str, Any]] = []
    for layer in layers:
        if boxes and (layer["kind"] in UNDRAWN or not _own_box(layer)):
            continue
        last = boxes[-1] if boxes else None
        if last and (last["kind"], last["shape"]) == (layer["kind"], layer["shape"]):
            last["layers"] += 1
        else:
            boxes.append({**layer, "layers": 1})
    if len(boxes) > MOST_BOXES:
        boxes = _merged(boxes)
    boxes[0] |= {"kind": "image"}
    largest = max(box["shape"][0] for box in boxes if len(box["shape"]) == 3)
    for number, box in enumerate(boxes):
        maps = len(box["shape"]) == 3
        side = _side(box["shape"][0], largest) if maps else min(HEIGHT, 8 + 3 * box["shape"][0])
        box |= {
            "label": _label(box),
            "side": side,
            "depth": 6 + 7 * math.log2(1 + box["shape"][-1]) if maps else 12.0,
            "slant": side * 0.28 if maps else 0.0,
            "low": number % 2 == 1,
        }
    room = COLUMN - LEFT - LEAST_GAP * len(boxes)
    share = room / sum(box["depth"] + box["slant"] for box in boxes)
    for box in boxes:
        box |= {part: box[part] * min(1, max(LEAST_SHARE, share)) for part in ("depth", "slant")}
    widths = [box["depth"] + box["slant"] for box in boxes]
    gap = min(GAP, max(LEAST_GAP, (COLUMN - LEFT - sum(widths)) / len(boxes)))
    for number, box in enumerate(boxes):
        box["x"] = LEFT + sum(widths[:number]) + number * gap
    width = LEFT + sum(widths) + len(boxes) * gap
    return {"boxes": boxes, "width": round(width), "height": round(HEIGHT + 130), "gap": gap}


def _label(box: dict[str, Any]) -> str:
    """Write what a box stands for, such as "3 × Conv2D 3×3"."""
    if box["kind"] == MERGED:
        return f"{box['layers']} layers"
    window = box["detail"].partition(",")[0] if "×" in box["detail"] else ""
    many = f"{box['layers']} × " if box["layers"] > 1 else ""
    return f"{many}{SHORT.get(box['kind'], box['kind'])} {window}".strip()


def _own_box(layer: dict[str, Any]) -> bool:
    return "Normalization" not in layer["kind"] and "Padding" not in layer["kind"]


def _side(size: int, largest: int) -> float:
    return max(LEAST_HEIGHT, HEIGHT * math.sqrt(size / largest))


def _merged(boxes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Join neighbours whose maps have one size; the box shows the last of them."""
    found: list[dict[str, Any]] = []
    for box in boxes:
        maps = len(box["shape"]) == 3
        same = found and len(found[-1]["shape"]) == 3 and found[-1]["shape"][:2] == box["shape"][:2]
        if maps and same and len(found) > 1:
            before = found.pop()
            box = {
                **box,
                "kind": MERGED,
                "detail": "",
                "name": f"{before['name']} … {box['name']}",
                "layers": before["layers"] + box["layers"],
            }
        found.append(box)
    return found
