#!/usr/bin/env bash
# A report from its order to the file: through nginx, the queue, the area that makes it, the renderer and the store.
set -u
: "${BALLIUM_URL:?}" "${BALLIUM_CREDENTIALS:?}"
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
code=0
check() { # check WHAT COMMAND…
    local what=$1
    shift
    if "$@" >"$dir/said" 2>&1; then
        echo "ok - $what"
    else
        echo "not ok - $what"
        sed 's/^/#   /' "$dir/said" "$dir/answer" 2>/dev/null | cut -c1-600 | head -20
        code=1
    fi
}
org=$BALLIUM_URL/api/v1/orgs/keep
sign_in() { # sign_in ROLE: $token
    token=$(curl -s "$BALLIUM_URL/api/v1/auth/login" -H 'Content-Type: application/json' \
        -d "$(jq -c --arg role "$1" 'first(.users[] | select(.organisation == "keep" and .role == $role)) | {email, password}' "$BALLIUM_CREDENTIALS")" | jq -r .access_token)
}
ask() { # ask METHOD PATH [BODY]: $status, $dir/answer
    status=$(curl -s -o "$dir/answer" -w '%{http_code}' -X "$1" "$2" -H "Authorization: Bearer $token" -H 'Content-Type: application/json' ${3:+-d "$3"})
}
said() { jq -e "$1" "$dir/answer" >/dev/null; }
ended() { # waits until the job of the last answer is over: $dir/answer is it
    local url=$BALLIUM_URL$(jq -r .url "$dir/answer") until=$((SECONDS + 60))
    while ask GET "$url" && said '.state == "queued" and .problem == null' && [ $SECONDS -lt $until ]; do :; done
}

sign_in manager
ask GET "$org/evaluation/audits?limit=1"
audit=$(jq -r '.items[0].id' "$dir/answer")
for format in pdf xlsx; do
    ask POST "$org/evaluation/reports/audit-report" "{\"id\":\"$audit\",\"format\":\"$format\"}"
    check "$format: 202 and a job" [ "$status" = 202 ]
    ended
    check "$format: the job is done and names its file" said '.state == "done" and (.outcome.sha256 | length) == 64'
    file=$(jq -r .outcome.file "$dir/answer") hash=$(jq -r .outcome.sha256 "$dir/answer")
    curl -s -o "$dir/report.$format" "$org/files/$file/content" -H "Authorization: Bearer $token"
    check "$format: the file is the one that was hashed" [ "$(sha256sum <"$dir/report.$format" | cut -d' ' -f1)" = "$hash" ]
    ask GET "$org/files/$file"
    check "$format: kept with its origin" said ".origin == \"evaluation.audit_report\" and .origin_id == \"$audit\" and (.name | endswith(\".$format\"))"
done
check "the PDF is tagged" sh -c "pdfinfo '$dir/report.pdf' | grep -q 'Tagged: *yes'"
ask GET "$org"
name=$(jq -r .name "$dir/answer")
check "every page names the organisation and counts" sh -c "[ \$(pdftotext '$dir/report.pdf' - | grep -c '^Page [0-9]* of ') = \$(pdfinfo '$dir/report.pdf' | sed -n 's/^Pages: *//p') ] && pdftotext '$dir/report.pdf' - | grep -qF '$name'"
ask POST "$org/evaluation/reports/audit-report" '{"id":"01900000-0000-7000-8000-000000000000"}'
ended
check "a record that is not there ends the job with a problem in words" said '.state == "dead" and (.problem | contains("no such audit"))'
ask POST "$org/evaluation/reports/audit-report" '{"id":"x","format":"docx"}'
check "another format, another id: refused at once" [ "$status" = 422 ]
check "with a pointer at each" said '[.errors[].pointer] | sort == ["/format", "/id"]'
ask POST "$org/evaluation/reports/no-such" '{}'
check "no such report is 404" [ "$status" = 404 ]
exit $code
