"""EfficientNet-Lite0 in PyTorch's functions, written from its paper alone, as a reference."""

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812

# Repeats, kernel, stride, expansion, filters.
STAGES = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
]


def features(path, images):
    """Return the pooled features, float32 [n, 1280], of uint8 images [n, h, w, 3]."""
    weights = torch.load(path, weights_only=True)
    scaled = (torch.tensor(images.astype(np.float32)) - 127) / 128

    def normalised(x, name):
        parts = [weights[f"{name}.{p}"] for p in ("running_mean", "running_var", "weight", "bias")]
        return F.batch_norm(x, *parts, training=False, eps=1e-3)

    def convolved(x, name, stride=1, groups=1):
        kernel = weights[f"{name}.weight"]
        padding = []  # as TensorFlow pads: what is odd goes to the right and below
        for size in (x.shape[3], x.shape[2]):
            total = max((-(-size // stride) - 1) * stride + kernel.shape[-1] - size, 0)
            padding += [total // 2, total - total // 2]
        return F.conv2d(F.pad(x, padding), kernel, stride=stride, groups=groups)

    def block(x, name, stride, expansion):
        inner = x
        if expansion > 1:
            inner = F.relu6(normalised(convolved(inner, f"{name}._expand_conv"), f"{name}._bn0"))
        inner = convolved(inner, f"{name}._depthwise_conv", stride, inner.shape[1])
        inner = F.relu6(normalised(inner, f"{name}._bn1"))
        inner = normalised(convolved(inner, f"{name}._project_conv"), f"{name}._bn2")
        return x + inner if stride == 1 and x.shape == inner.shape else inner

    with torch.no_grad():
        x = scaled.permute(0, 3, 1, 2)
        x = F.relu6(normalised(convolved(x, "_conv_stem", 2), "_bn0"))
        number = 0
        for repeats, _, stride, expansion, _ in STAGES:
            for repeat in range(repeats):
                x = block(x, f"_blocks.{number}", stride if repeat == 0 else 1, expansion)
                number += 1
        x = F.relu6(normalised(convolved(x, "_conv_head"), "_bn1"))
        return x.mean((2, 3)).numpy()
