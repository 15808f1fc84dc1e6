"""One file a DVC stage, named after it: its `main` reads, calls, writes, and says what came out.

`python -m pipeline.stages NAME` runs one (`__main__.py`).
"""
