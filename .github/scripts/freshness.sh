#!/usr/bin/env bash
# Fails if `dvc repro` would run a stage: then the committed results are not those of this commit.
# Needs neither data nor cache nor remote.
set -euo pipefail
export PATH="$PWD/.venv/bin:$PATH"

python -m pipeline fresh --revision HEAD
