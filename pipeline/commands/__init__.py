"""The commands of `python -m pipeline` that are no stage."""
