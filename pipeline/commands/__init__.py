"""The commands of `python -m pipeline` that are not stages."""
