#!/usr/bin/env bash
# Writes report/report.md, .html and .json, and the job's summary. Compares this checkout with
# BASE_SHA or, where that is not set, with the first parent: HEAD is then what would be merged.
set -euo pipefail
python=.report/bin/python

# Only if it is not here: fetching it alone would cut off its history.
if [ -n "${BASE_SHA:-}" ] && ! git cat-file -e "$BASE_SHA^{commit}" 2>/dev/null; then
    git fetch --quiet --no-tags --depth=1 origin "$BASE_SHA"
fi
base=${BASE_SHA:-$(git rev-parse --verify 'HEAD^1')}
head=$(git rev-parse HEAD)
for format in html json md; do
    "$python" -m pipeline report --base "$base" --head "$head" \
        --base-url "${FILES_URL//\{commit\}/$base}" \
        --head-url "${FILES_URL//\{commit\}/$head}" \
        --format "$format" --out "report/report.$format"
done
cat report/report.md >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
