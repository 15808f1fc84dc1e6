"""A page to try a model: one file that holds it and what runs it, and needs no network.

Pictures are prepared in the browser pixel for pixel as Pillow does for `predict`, so that the same
picture has the same answer. JPEG files may differ a little, since each browser decodes its way.
"""

import base64
import gzip
import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from markupsafe import Markup

from pipeline.export import runtime
from pipeline.report.escaping import html_environment
from pipeline.training.looks import WORDS
from pipeline.training.trained import TrainedModels

# Pixels along the longer side of the square to draw in.
PAD = 336


def write(
    model: Path,
    path: Path,
    index: TrainedModels,
    shape: tuple[int, int, int],
    facts: Mapping[str, Any],
) -> None:
    """Write the page of an ONNX model.

    Args:
        model: The model's file.
        path: The page to write.
        index: The index of its models.
        shape: Height, width and channels of its images.
        facts: As from `facts.gather`.
    """
    height, width, channels = shape
    looks = dict(index.looks or {})
    for_script = {
        "classes": list(index.classes),
        "height": height,
        "width": width,
        "channels": channels,
        "fit": index.fit or "squash",
        "looks": looks,
        "words": {name: WORDS[name] for name in looks},
    }
    environment = html_environment("pipeline.export")
    brought = runtime.bring()
    scale = PAD / max(height, width)
    page = environment.get_template("page.html.j2").render(
        architecture=index.architecture,
        dataset=facts["dataset"],
        parameters=index.parameters,
        accuracy=facts["scores"]["accuracy"],
        thresholds=index.thresholds or [],
        channels=channels,
        height=height,
        width=width,
        pad=(round(width * scale), round(height * scale)),
        runtime=brought,
        # Whatever a class is called, it cannot end the element.
        facts=Markup(json.dumps(for_script, ensure_ascii=False).replace("<", "\\u003c")),
        wasm=_packed(brought.wasm),
        onnx=_packed(model.read_bytes()),
        script=_packed(brought.script),
        code=Markup(_code("prepare.js") + _code("page.js")),
    )
    path.write_text(page, encoding="utf-8")


def _packed(content: bytes) -> str:
    return base64.b64encode(gzip.compress(content, mtime=0)).decode()


def _code(name: str) -> str:
    return resources.files("pipeline.export").joinpath("templates", name).read_text("utf-8")
