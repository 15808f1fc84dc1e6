#!/usr/bin/env bash
# Computes the report for the pull request whose branch is HEAD_OWNER:HEAD_BRANCH at HEAD_SHA, and
# writes it into the one comment that begins with the report's marker. Nothing of the pull request
# is executed or checked out: it is fetched as git objects and read as data.
set -euo pipefail
marker='<!-- convoy-report -->'
most=60000 # characters; a comment may have 65,536

[[ $HEAD_SHA =~ ^[0-9a-f]{40}$ ]] || { echo "HEAD_SHA is no commit: $HEAD_SHA"; exit 1; }
found=$(gh api --method GET "repos/$REPOSITORY/pulls" -f state=open -f "head=$HEAD_OWNER:$HEAD_BRANCH" \
    --jq ".[] | select(.head.sha == \"$HEAD_SHA\") | \"\(.number) \(.base.sha)\"")
read -r number base <<<"$found" || true
if [ -z "$found" ]; then
    echo "No open pull request has $HEAD_SHA at its head any more; nothing to say."
    exit 0
fi

git fetch --quiet --no-tags --depth=1 origin "$base"
# What would be merged; a pull request with conflicts has only its head.
git fetch --quiet --no-tags --depth=1 origin "refs/pull/$number/merge" ||
    git fetch --quiet --no-tags --depth=1 origin "refs/pull/$number/head"
head=$(git rev-parse FETCH_HEAD)

text=$(mktemp)
.report/bin/python -m pipeline report --base "$base" --head "$head" --format md \
    --base-url "${FILES_URL//\{commit\}/$base}" \
    --head-url "${FILES_URL//\{commit\}/$head}" --out "$text"
if [ "$(wc -m <"$text")" -gt "$most" ]; then
    short=$(head -c "$most" "$text")
    printf '%s\n\nThe rest is in the artifact of the report check.\n' "$short" >"$text"
fi

comments="repos/$REPOSITORY/issues/$number/comments"
old=$(gh api --paginate "$comments" \
    --jq ".[] | select(.user.type == \"Bot\" and (.body | startswith(\"$marker\"))) | .id" | head -n 1)
if [ -n "$old" ]; then
    gh api --silent --method PATCH "repos/$REPOSITORY/issues/comments/$old" -F "body=@$text"
else
    gh api --silent --method POST "$comments" -F "body=@$text"
fi
