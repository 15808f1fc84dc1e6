"""The base class of errors that the user can fix; they are shown without a traceback."""


class ConvoyError(Exception):
    """A problem that the user can fix. Its text has the file or key, the value, and the remedy."""
