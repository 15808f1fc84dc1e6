"""One file an architecture, named in `architectures` (`pipeline/training/architecture.py`)."""
