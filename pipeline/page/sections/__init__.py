"""One file a section of the page, in the order of `pipeline/page/rendering.py`.

Each has a `section(run)` that returns the values for the template of the same name.
"""
