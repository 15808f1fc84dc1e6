#!/usr/bin/env bash
# Fails if the results are worse, than the base or the reference, or if more test images have exact
# copies in training or validation; not if the pull request has the label accept-regression.
set -euo pipefail

status=0
.report/bin/python -m pipeline report --base "${BASE_SHA:-HEAD^1}" --head HEAD \
    --format json --out report/report.json --fail-on worse --fail-on leak || status=$?
if [ "$status" = 2 ] && [ "${ACCEPTED:-false}" = true ]; then
    echo "Accepted all the same: the label accept-regression is set."
    exit 0
fi
exit "$status"
