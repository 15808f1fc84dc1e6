#!/usr/bin/env bash
# Computes the report for the pull request whose branch is HEAD_OWNER:HEAD_BRANCH at HEAD_SHA, and
# writes it into the one comment that begins with the report's marker. If it cannot be computed,
# the comment says so: an old one must not be taken for the report of this commit.
set -euo pipefail
marker='<!-- convoy-report -->'

[[ $HEAD_SHA =~ ^[0-9a-f]{40}$ ]] || { echo "HEAD_SHA is no commit: $HEAD_SHA"; exit 1; }
found=$(gh api --method GET "repos/$REPOSITORY/pulls" -f state=open -f "head=$HEAD_OWNER:$HEAD_BRANCH" \
    --jq ".[] | select(.head.sha == \"$HEAD_SHA\") | \"\(.number) \(.base.ref)\"")
read -r NUMBER BASE_BRANCH <<<"$found" || true
if [ -z "$found" ]; then
    echo "No open pull request has $HEAD_SHA at its head any more; nothing to say."
    exit 0
fi

# What the pull request brings may be made to take for ever or to fill the memory.
most_seconds=${REPORT_SECONDS:-50} most_kib=$((6 * 1024 * 1024))
text=$(mktemp) log=$(mktemp) status=0
export NUMBER BASE_BRANCH
(
    ulimit -v "$most_kib"
    exec timeout --kill-after=5 "$most_seconds" .github/scripts/report-of-pull-request.sh "$text"
) >"$log" 2>&1 || status=$?
# The log may quote the pull request's files, and the runner obeys lines such as `::add-mask::`:
# until it reads a word that nobody can guess, it obeys none.
word=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
printf '::stop-commands::%s\n' "$word"
cat "$log"
printf '\n::%s::\n' "$word"
if [ "$status" = 124 ] || [ "$status" = 137 ]; then
    echo "It took more than $most_seconds seconds, or more memory than there is." >>"$log"
fi
if [ "$status" != 0 ]; then
    # The reason may quote the pull request's files: indented, it is neither markup nor link.
    {
        printf '%s\nThe report of `%s` could not be computed:\n\n' "$marker" "${HEAD_SHA:0:7}"
        tail -n 5 "$log" | tr -d '\000-\011\013-\037\177' | cut -c 1-500 | sed 's/^/    /'
    } >"$text"
fi

comments="repos/$REPOSITORY/issues/$NUMBER/comments"
old=$(gh api --paginate "$comments" \
    --jq ".[] | select(.user.type == \"Bot\" and (.body | startswith(\"$marker\"))) | .id" | head -n 1)
if [ -n "$old" ]; then
    gh api --silent --method PATCH "repos/$REPOSITORY/issues/comments/$old" -F "body=@$text"
else
    gh api --silent --method POST "$comments" -F "body=@$text"
fi
exit "$status"
