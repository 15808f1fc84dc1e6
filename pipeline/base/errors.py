"""The error that means: the user can mend this, so say how and show no traceback."""


class ConvoyError(Exception):
    """A problem the user can mend. Its text names the file or key, the value, what to do."""
