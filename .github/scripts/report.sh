#!/usr/bin/env bash
# Compares this checkout with BASE_SHA: report/report.md, .html and .json, and the job's summary.
set -euo pipefail
python=.report/bin/python

git fetch --quiet --no-tags --depth=1 origin "$BASE_SHA"
head=$(git rev-parse HEAD)
for format in html json md; do
    "$python" -m pipeline report --base "$BASE_SHA" --head "$head" \
        --base-url "${FILES_URL//\{commit\}/$BASE_SHA}" \
        --head-url "${FILES_URL//\{commit\}/$head}" \
        --format "$format" --out "report/report.$format"
done
cat report/report.md >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
