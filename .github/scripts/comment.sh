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

text=$(mktemp) log=$(mktemp) status=0
export NUMBER BASE_BRANCH
.github/scripts/report-of-pull-request.sh "$text" >"$log" 2>&1 || status=$?
# Of what the log quotes of the pull request, no line may be a command to the runner.
token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
printf '::stop-commands::%s\n' "$token"
cat "$log"
printf '\n::%s::\n' "$token"
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
