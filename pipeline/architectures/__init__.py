"""The architectures, one module each (see `pipeline/training/architecture.py`)."""
