"""What the first layers look for: their filters, and their maps of one image."""

from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.page import tiles
from pipeline.page.run import Run

if TYPE_CHECKING:
    import keras

MOST_FILTERS = 32
MOST_MAPS = 12
MOST_LAYERS = 4
MAP_SIDE = 56


def section(run: Run) -> dict[str, Any]:
    """Return the filters of the first convolution and the maps of some layers, as images."""
    facts: dict[str, Any] = {"model": run.model is not None, "filters": [], "maps": []}
    if run.model is None:
        return facts
    from pipeline.evaluation import heat_maps

    network = heat_maps.core(run.model)
    layers = heat_maps.map_layers(network)
    if not layers:
        return facts
    first = layers[0]
    weights = np.asarray(first.get_weights()[0], np.float32)
    facts |= {"first": first.name, "filters": _filters(weights), "kernel": weights.shape[:2]}
    images = run.images("test")
    if images is not None:
        facts |= _maps(network, layers, np.asarray(images[:1]))
        facts["image"] = tiles.uri(np.asarray(images[0]))
        facts["label"] = run.classes[run.judged("tuned")[0].actual[0]]
    return facts


def _filters(weights: np.ndarray) -> list[str]:
    """Draw the filters [height, width, in, out]: in colour for RGB, else of the first channel.

    Each is scaled to its own largest value; 0 is grey.
    """
    colour = weights.shape[2] == 3
    drawn = []
    for number in range(min(weights.shape[3], MOST_FILTERS)):
        one = weights[..., number] if colour else weights[:, :, :1, number]
        reach = float(np.abs(one).max()) or 1.0
        drawn.append(tiles.uri((255 * (one / reach + 1) / 2).round().astype(np.uint8)))
    return drawn


def _maps(network: "keras.Model", layers: list["keras.Layer"], image: np.ndarray) -> dict[str, Any]:
    """Draw the strongest maps of the last layer of each size, for one image [1, h, w, c]."""
    import keras

    by_size = {layer.output.shape[1:3]: layer for layer in layers}
    shown = list(by_size.values())[:MOST_LAYERS]
    outputs = keras.Model(network.input, [layer.output for layer in shown])(image)
    rows = []
    outputs = outputs if isinstance(outputs, list) else [outputs]
    for layer, output in zip(shown, outputs, strict=True):
        maps = np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(output, "float32")))[0]
        strongest = np.sort(np.argsort(-maps.std(axis=(0, 1)), kind="stable")[:MOST_MAPS])
        rows.append(
            {
                "name": layer.name,
                "size": "×".join(map(str, maps.shape[:2])),
                "channels": maps.shape[2],
                "images": [tiles.uri(tiles.scaled(maps[..., one]), MAP_SIDE) for one in strongest],
            }
        )
    return {"maps": rows}
