"""The model card beside an exported model, in the form of the Hugging Face Hub.

Source of the form: Mitchell et al. 2019, "Model Cards for Model Reporting", for the sections; the
Hub's model card metadata for the header (`model-index` holds the scores).
"""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from ruamel.yaml import YAML

from pipeline.base.files import replacing
from pipeline.report import escaping

FILE = "MODEL_CARD.md"


def write(folder: Path, facts: Mapping[str, Any], licence: str) -> None:
    """Write the card into a folder.

    Args:
        folder: Where the exported model lies.
        facts: What `facts.gather` returns, with "format", "file", "usage", "packages", "fitting",
            "parity" and "apart_in_float32" of this export.
        licence: The model's licence, as the Hub names it.
    """
    environment = Environment(
        loader=PackageLoader("pipeline.export"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # Markdown: `literal` escapes what users have named
    )
    environment.filters["literal"] = escaping.markdown
    template = environment.get_template("model_card.md.j2")
    text = template.render(header=header(facts, licence), licence=licence, **facts)
    with replacing(folder / FILE) as scratch:
        scratch.write_text(text, encoding="utf-8")


def header(facts: Mapping[str, Any], licence: str) -> str:
    """Return the YAML header: what the Hub indexes."""
    scores, index = facts["scores"], facts["index"]
    low, high = scores["accuracy_interval"]
    metrics = [
        {
            "type": "accuracy",
            "value": round(scores["accuracy"], 4),
            "name": f"accuracy (95 % interval {low:.4f} to {high:.4f})",
        },
        {"type": "f1", "value": round(scores["macro_f1"], 4), "name": "macro F1"},
        {"type": "loss", "value": round(scores["loss"], 4), "name": "cross-entropy in nats"},
    ]
    result = {
        "task": {"type": "image-classification", "name": "Image classification"},
        "dataset": {"name": facts["dataset"], "type": facts["dataset"], "split": "test"},
        "metrics": metrics,
    }
    content = {
        "license": licence,
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "tags": ["image-classification", "convoy", index.architecture, facts["format"]],
        "datasets": [facts["dataset"]],
        "metrics": ["accuracy", "f1"],
        "model-index": [{"name": f"{facts['dataset']}-{index.architecture}", "results": [result]}],
    }
    yaml = YAML()
    yaml.allow_unicode = True
    yaml.width = 4096
    text = io.StringIO()
    yaml.dump(content, text)
    return text.getvalue()
