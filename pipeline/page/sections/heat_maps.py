"""Heat maps of the worst mistakes, or of the least sure answers where there are none."""

from typing import Any

import numpy as np

from pipeline.base.errors import ConvoyError
from pipeline.page import tiles
from pipeline.page.run import NAMES, Run
from pipeline.page.sections.mistakes import worst

MOST = 8
SIDE = 112


def section(run: Run) -> dict[str, Any]:
    """Return each image with the heat maps of the predicted and of the actual class."""
    mistakes = worst(run)
    facts: dict[str, Any] = {"rows": [], "why_not": "", "mistakes": len(mistakes)}
    images = run.images("test")
    if run.model is None or images is None:
        return facts | {"why_not": "The model or the test images are not here."}
    from pipeline.evaluation import heat_maps

    judged, probability = run.judged(NAMES[0])
    least_sure = np.argsort(probability, kind="stable")
    chosen = np.sort((mistakes if len(mistakes) else least_sure)[:MOST])
    shown = np.asarray(images[chosen])
    layer = heat_maps.layer_for(heat_maps.core(run.model))
    if layer is None:
        return facts | {"why_not": "This network has no feature maps: it has no convolution."}
    try:
        predicted, actual = (
            heat_maps.layer_cam(run.model, shown, labels[chosen].tolist())
            for labels in (judged.released, judged.actual)
        )
    except ConvoyError as error:
        return facts | {"why_not": str(error)}
    assert predicted is not None and actual is not None
    maps = (predicted, actual)
    facts |= {"layer": layer.name, "size": "×".join(map(str, layer.output.shape[1:3]))}
    facts["rows"] = [
        {
            "image": tiles.uri(image, SIDE),
            "heats": [tiles.uri(heat_maps.laid_over(image, heat[place]), SIDE) for heat in maps],
            "name": run.files[index] if run.files else f"test image {index}",
            "actual": run.classes[judged.actual[index]],
            "predicted": run.classes[judged.released[index]],
            "probability": float(probability[index]),
        }
        for place, (index, image) in enumerate(zip(chosen.tolist(), shown, strict=True))
    ]
    return facts
