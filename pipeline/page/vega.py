"""The scripts that draw charts: the published builds of Vega 5, Vega-Lite 5 and Vega-Embed 6."""

from importlib import resources

from pipeline.base.errors import ConvoyError

PACKAGE = "js_lib_vega_embed"
SCRIPT = f"static/{PACKAGE}/vega-embed-full.js"


def script() -> str:
    """Read all three as one script, from an installed package.

    Raises:
        ConvoyError: the package is not installed.
    """
    try:
        return resources.files(PACKAGE).joinpath(SCRIPT).read_text(encoding="utf-8")
    except ModuleNotFoundError:
        raise ConvoyError(
            f"the package with the charts' scripts, {PACKAGE}, is not installed. Run `make setup`."
        ) from None
