"""Stage `check`: refuse a bad params.yaml before any work.

DVC itself would stop at a mistyped name, but only at the stage that needs the file, hours of
tuning later perhaps, and without saying which names there are. What this stage writes is always
the same, so nothing runs again because of it.
"""

from pipeline import params, paths
from pipeline.files import replacing
from pipeline.guard import run_stage


def main() -> None:
    """Check every parameter."""
    params.load()
    with replacing(paths.CHECKED) as scratch:
        scratch.write_text("params.yaml is valid\n", encoding="utf-8")


if __name__ == "__main__":
    run_stage(main)
