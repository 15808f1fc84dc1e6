"""Files of weights as Keras publishes them, with random numbers, for tests without a network."""

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from pipeline.base.files import digest
from pipeline.pretrained.published import PUBLISHED

MAKERS = {
    "efficientnet_b0": keras.applications.EfficientNetB0,
    "efficientnet_v2b0": keras.applications.EfficientNetV2B0,
}


def write(network: str, folder: Path) -> Path:
    """Write the file of a network; its numbers are of the sizes that trained ones have."""
    model = MAKERS[network](include_top=False, weights=None, input_shape=(32, 32, 3))
    random = np.random.default_rng(1)
    for layer in model.layers:
        values = layer.get_weights()
        if isinstance(layer, keras.layers.Normalization) and values:
            mean, variance = np.float32([0.485, 0.456, 0.406]), np.float32([0.052, 0.05, 0.051])
            values = [mean, variance, np.int32(1)]
        elif isinstance(layer, keras.layers.BatchNormalization):
            # gamma, beta, moving mean, moving variance
            values = [v + random.uniform(-0.3, 0.3, v.shape) for v in values]
        if values:
            layer.set_weights(values)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / PUBLISHED[network].file.name
    model.save(path)  # the format of the published files, with the model's own description
    return path


def stated(network: str, path: Path, monkeypatch, **changes) -> None:
    """Put the digest of a file in the place of the published one."""
    published = PUBLISHED[network]
    file = replace(published.file, digest=digest(path, published.file.kind), **changes)
    monkeypatch.setitem(PUBLISHED, network, replace(published, file=file))
