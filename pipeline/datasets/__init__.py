"""The data sets, one module each; `dataset.name` chooses one (see `pipeline/data/source.py`)."""
