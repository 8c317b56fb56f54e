#!/usr/bin/env bash
# What nginx answers by itself, and what it adds to or keeps from the answers of the service.
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
        sed 's/^/#   /' "$dir/said" "$dir/head" 2>/dev/null | head -20
        code=1
    fi
}
ask() { # ask PATH [curl's options]: $dir/head, $dir/body, $status
    local path=$1
    shift
    rm -f "$dir/head" "$dir/body"
    status=$(curl -s --path-as-is -m 20 -D "$dir/head" -o "$dir/body" -w '%{http_code}' "$BALLIUM_URL$path" "$@")
}
header() { grep -i "^$1: " "$dir/head" | sed 's/^[^:]*: //' | tr -d '\r'; }
times() { [ "$(grep -ci "^$1: " "$dir/head")" = "$2" ]; }
problem() { # problem STATUS CODE: the answer is that problem document, and says so everywhere
    [ "$status" = "$1" ] && [ "$(header content-type)" = application/problem+json ] &&
        [ "$(jq -r '"\(.status) \(.type)"' "$dir/body")" = "$1 urn:ballium:problem:$2" ] &&
        [ "$(jq -r .instance "$dir/body")" = "urn:ballium:request:$(header x-request-id)" ] &&
        jq -e '(.title | length > 0) and (.detail | length > 0)' "$dir/body" >/dev/null
}
raw() { # raw TEXT: what is no HTTP that curl would send
    local host=${BALLIUM_URL#http://}
    exec 7<>"/dev/tcp/${host%:*}/${host#*:}"
    printf "$1" >&7
    tr -d '\r' <&7 >"$dir/raw"
    exec 7>&-
    status=$(sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p' "$dir/raw")
    sed '/^$/q' "$dir/raw" >"$dir/head"
    sed '1,/^$/d' "$dir/raw" >"$dir/body"
}
long=$(printf '%9000s' '' | tr ' ' a)
head -c 1100000 /dev/zero | tr '\0' ' ' >"$dir/large"

# --- nginx's own failures -------------------------------------------------------------------------------------------------
raw 'GARBAGE\r\n\r\n'
check "a broken request line is 400" problem 400 bad_request
raw 'GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n'
check "a request without a host is 400" problem 400 bad_request
raw 'GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: foo\r\n\r\n'
check "another transfer encoding is 501" problem 501 not_implemented
raw 'GET /livez HTTP/9.1\r\nHost: x\r\nConnection: close\r\n\r\n'
check "another version is 505" problem 505 version_not_supported
ask /nowhere
check "a path of nobody's is 404" problem 404 not_found
ask /-problem/503
check "the error pages are no pages" problem 404 not_found
ask /api/v1/me -X TRACE
check "TRACE is 405" problem 405 method_not_allowed
ask "/api/v1/$long"
check "a long path is 414" problem 414 uri_too_long
ask /api/v1/me -H "X-Long: $long"
check "a long header field is 431" problem 431 headers_too_large
ask /api/v1/auth/login --data-binary "@$dir/large" -H 'Content-Type: application/json'
check "a body above 1 MiB is 413" problem 413 too_large
ask /metrics --interface 127.0.0.2
check "/metrics from another address is 403" problem 403 forbidden
ask /metrics
check "/metrics from this one is not" [ "$status" = 200 ]
check "it says how long what is on the trail waits for its seal" grep -qE '^ballium_audit_unsealed_seconds [0-9]+$' "$dir/body"
# One curl asks a hundred times, for a process each would be slower than the limit on a busy machine. The last answer counts.
curl -s -m 20 -D "$dir/heads" -o "$dir/each#1" --interface 127.0.0.2 -d '{}' -H 'Content-Type: application/json' \
    "$BALLIUM_URL/api/v1/auth/refresh?[1-100]"
awk 'BEGIN { RS = "\r\n\r\n" } length { last = $0 } END { print last }' "$dir/heads" >"$dir/head"
mv "$dir/each100" "$dir/body"
status=$(sed -n '1s/^HTTP[^ ]* \([0-9]*\).*/\1/p' "$dir/head")
check "who asks for tokens without pause gets 429" problem 429 too_many_requests
check "with Retry-After" [ -n "$(header retry-after)" ]
ask /api/v1/auth/refresh -d '{}' -H 'Content-Type: application/json'
check "another address does not" [ "$status" != 429 ]

# --- the service's answers --------------------------------------------------------------------------------------------------
user=$(jq -c '.users[] | select(.organisation == "keep" and .role == "manager") | {email, password}' "$BALLIUM_CREDENTIALS")
ask /api/v1/auth/login -d "$user" -H 'Content-Type: application/json' --compressed
token=$(jq -r .access_token "$dir/body")
check "log-in works and is not compressed" test "$status" = 200 -a -z "$(header content-encoding)"
auth="Authorization: Bearer $token"
list=/api/v1/orgs/keep/context/issues
ask "$list" -H "$auth" --compressed
check "a list is compressed" [ "$(header content-encoding)" = gzip ]
id=$(jq -r '.items[0].id' "$dir/body")
long_text=$(printf '%3000s' '' | tr ' ' x)
ask "$list/$id" -H "$auth"
etag=$(header etag)
ask "$list/$id" -X PATCH -H "$auth" -H "If-Match: $etag" -H 'Content-Type: application/merge-patch+json' \
    -d "{\"description\":\"$long_text\"}" --compressed
check "a record can be changed with its ETag" [ "$status" = 200 ]
ask "$list/$id" -H "$auth" --compressed
check "the ETag of a single record stays strong, however long it is" grep -q '^"' <<<"$(header etag)"
ask "$list/$id" -X PATCH -H "$auth" -H "If-Match: $(header etag)" -H 'Content-Type: application/merge-patch+json' -d '{"description":null}'
check "and fits If-Match" [ "$status" = 200 ]
for name in x-request-id x-content-type-options content-security-policy referrer-policy cache-control; do
    check "$name is there once" times "$name" 1
done
check "the versions of what runs are not told" test "$(header server)" = nginx -a -z "$(header x-powered-by)"
ask "$list:import" -X POST -H "$auth" -H 'Content-Type: text/csv' --data-binary "@$dir/large"
check "an import may be larger than 1 MiB" [ "$status" != 413 ]
ask "/metrics/../api/v1/me" -H "$auth"
check "a path with dots is not served under two names" [ "$status" = 400 ]
ask "//api/v1/me" -H "$auth"
check "nor one with two slashes" [ "$status" = 404 ]
exit $code
