"""The receptive field of each layer: how much of the image one of its values depends on."""

import math

import keras


def receptive_fields(model: keras.Model) -> dict[str, int]:
    """Return pixels a side by layer name, for layers whose output is [n, height, width, channels].

    A layer with a window of k values and stride s, on an input whose field is r pixels and whose
    neighbours are j pixels apart, has the field r + (k - 1) j, and its own neighbours are s j
    apart. Where paths join, the largest field counts. Layers that look at the whole input, such as
    Dense or the mean over the image, are left out, and so are those behind them.

    Source: Araujo, Norris and Sim 2019, "Computing Receptive Fields of Convolutional Neural
    Networks", Distill, equations 1 and 2. A layer that resizes the image changes j in proportion.
    """
    fields: dict[str, tuple[float, float]] = {}
    for layer in model.layers:
        before = [fields[name] for name in inputs(layer) if name in fields]
        if len(layer.output.shape) != 4 or (inputs(layer) and not before):
            continue
        field = max((field for field, _ in before), default=1.0)
        jump = max((jump for _, jump in before), default=1.0)
        kernel, stride = _window(layer)
        fields[layer.name] = field + (kernel - 1) * jump, jump * stride
    return {name: math.ceil(field) for name, (field, _) in fields.items()}


def inputs(layer: keras.Layer) -> list[str]:
    """Return the names of the layers before this one; none for the input layer."""
    if isinstance(layer, keras.layers.InputLayer):
        return []
    tensors = layer.input if isinstance(layer.input, list | tuple) else [layer.input]
    return [tensor._keras_history.operation.name for tensor in tensors]


def _window(layer: keras.Layer) -> tuple[float, float]:
    """Return the extent of a layer's window and its stride, along the longer axis."""
    if isinstance(layer, keras.layers.Resizing):
        return 1.0, max(layer.input.shape[1:3]) / max(layer.output.shape[1:3])
    kernel = getattr(layer, "kernel_size", None) or getattr(layer, "pool_size", None)
    if kernel is None:
        return 1.0, 1.0
    dilation = max(getattr(layer, "dilation_rate", None) or (1,))
    return (max(kernel) - 1) * dilation + 1, max(layer.strides)
