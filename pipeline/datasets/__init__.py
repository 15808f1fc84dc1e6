"""One file a data set, which `dataset.name` names: `SPEC`, `read` (`pipeline/data/source.py`)."""
