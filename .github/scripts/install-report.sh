#!/usr/bin/env bash
# Installs the few packages that `python -m pipeline report` needs, pinned, into .report/.
set -euo pipefail
"${PYTHON:-python3}" -m venv .report
.report/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
    -r requirements-report.lock
