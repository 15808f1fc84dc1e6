#!/usr/bin/env bash
# Writes to the file $1 the report of pull request NUMBER into BASE_BRANCH, whose head is HEAD_SHA.
# Nothing of the pull request is executed or checked out: it is fetched as git objects, as data.
set -euo pipefail
most=60000 # characters; a comment may have 65,536
endless=2147483647 # git's word for no limit
fetch() { git fetch --quiet --no-tags "$@"; }

# What would be merged, with the commit that it would be merged into: not the `base.sha` that GitHub
# names, which stays behind when the branch moves on.
if fetch --depth=2 origin "refs/pull/$NUMBER/merge" &&
    [ "$(git rev-parse --verify --quiet 'FETCH_HEAD^2')" = "$HEAD_SHA" ]; then
    head=$(git rev-parse FETCH_HEAD)
    base=$(git rev-parse 'FETCH_HEAD^1')
    # The history before it, and tags; of the pull request's own commits only the last is fetched.
    git fetch --quiet --tags --depth=$endless origin "+refs/heads/$BASE_BRANCH:refs/report/base"
    what="merged into \`${base:0:7}\` of \`$BASE_BRANCH\`"
else
    # There are conflicts, or the merge is that of an earlier head.
    git fetch --quiet --tags --depth=$endless origin "$HEAD_SHA" "+refs/heads/$BASE_BRANCH:refs/report/base"
    head=$HEAD_SHA
    base=$(git merge-base "$HEAD_SHA" refs/report/base) ||
        { echo "$HEAD_SHA and $BASE_BRANCH have no commit in common."; exit 1; }
    what="not merged, against \`${base:0:7}\`, where it left \`$BASE_BRANCH\`"
fi

.report/bin/python -m pipeline report --base "$base" --head "$head" --format md \
    --base-url "${FILES_URL//\{commit\}/$base}" \
    --head-url "${FILES_URL//\{commit\}/$head}" --out "$1"

# Behind the marker and the verdict: which commit this is about.
note="Of \`${HEAD_SHA:0:7}\`, $what."
whole=$(<"$1")
if [ "${#whole}" -gt "$most" ]; then
    whole=${whole:0:$most}
    note+=" Cut short: the rest is in the artifact of the report check."
fi
printf '%s\n\n%s\n%s\n' "$(head -n 2 <<<"$whole")" "$note" "$(tail -n +3 <<<"$whole")" >"$1"
