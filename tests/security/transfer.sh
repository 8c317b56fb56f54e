#!/usr/bin/env bash
# An organisation goes out as an archive and comes back as another one: by the command line and as a job. TAP.
set -u
here=$(cd "$(dirname "$0")" && pwd)
: "${BALLIUM_URL:?}" "${BALLIUM_CREDENTIALS:?}" "${BALLIUM_BINARY:?}" "${BALLIUM_CONFIG:?}"
ballium=$BALLIUM_BINARY
work=$(mktemp -d /tmp/ballium-transfer-XXXXXX)
trap 'rm -rf "$work"' EXIT
code=0
verdict() { local name=$1; shift; if "$@"; then echo "ok - $name"; else echo "not ok - $name"; code=1; fi; }
refused() { ! "$@" >"$work/out" 2>"$work/why"; }
told() { grep -q "$1" "$work/why"; }
owner=$(jq -c '.users[] | select(.organisation=="keep" and .role=="owner") | {email, password}' "$BALLIUM_CREDENTIALS")
token=$(curl -s "$BALLIUM_URL/api/v1/auth/login" -H 'Content-Type: application/json' -d "$owner" | jq -r .access_token)
call() { curl -s -H "Authorization: Bearer $token" "$@"; }
sql() { psql -qAtX -v ON_ERROR_STOP=1 "$(sed -n 's/^migrator = //p' "$BALLIUM_CONFIG")" -c 'SET ROLE ballium_owner' -c "$1"; }
slug=copy-$$

head -c 5000 /dev/urandom | base64 >"$work/evidence.txt"
call "$BALLIUM_URL/api/v1/orgs/keep/files?name=evidence.txt" -H 'Content-Type: application/octet-stream' --data-binary "@$work/evidence.txt" >"$work/uploaded"
verdict "a file is there" [ "$(jq -r .size "$work/uploaded")" = "$(stat -c %s "$work/evidence.txt")" ]
call "$BALLIUM_URL/api/v1/orgs/keep/roles" -H 'Content-Type: application/json' \
    -d '{"name":"copy-clerk","label":"Copy clerk","permissions":["context.issue:read"]}' >/dev/null

verdict "an organisation is exported" "$ballium" org export --slug keep --out "$work/a.tar"
verdict "every part is what the manifest says" python3 "$here/transfer.py" check "$work/a.tar"
verdict "no password is in it" refused grep -aq 'argon2' "$work/a.tar"
verdict "a file is not overwritten" refused "$ballium" org export --slug keep --out "$work/a.tar"
verdict "it comes back as another organisation" "$ballium" org import --in "$work/a.tar" --slug "$slug"
verdict "and goes out again" "$ballium" org export --slug "$slug" --out "$work/b.tar"
verdict "both say the same, ids apart" python3 "$here/transfer.py" same "$work/a.tar" "$work/b.tar"

issues() { call "$BALLIUM_URL/api/v1/orgs/$1/context/issues?sort=ref&limit=500" | jq -c '[.items[] | {ref, title, status, version}]'; }
verdict "the members find their records there" [ "$(issues keep)" = "$(issues "$slug")" ]
id=$(call "$BALLIUM_URL/api/v1/orgs/$slug/context/issues?limit=1" | jq -r '.items[0].id')
verdict "with their history" [ "$(call "$BALLIUM_URL/api/v1/orgs/$slug/context/issues/$id/history" | jq '.items | length')" -gt 0 ]
file=$(call "$BALLIUM_URL/api/v1/orgs/$slug/files?limit=1" | jq -r '.items[0].id')
call "$BALLIUM_URL/api/v1/orgs/$slug/files/$file/content" >"$work/back.txt"
verdict "and their files" cmp -s "$work/evidence.txt" "$work/back.txt"
verdict "a new record takes the next number" [ "$(call "$BALLIUM_URL/api/v1/orgs/$slug/context/sites" -H 'Content-Type: application/json' \
    -d '{"name":"New","kind":"office"}' | jq -r '.ref // .errors')" = "$(call "$BALLIUM_URL/api/v1/orgs/keep/context/sites" -H 'Content-Type: application/json' \
    -d '{"name":"New","kind":"office"}' | jq -r '.ref // .errors')" ]

verdict "a slug that is taken is refused" refused "$ballium" org import --in "$work/a.tar" --slug "$slug"
verdict "in words" told 'slug'
python3 "$here/transfer.py" spoil "$work/a.tar" "$work/c.tar" context.issue.jsonl
verdict "a changed part is refused" refused "$ballium" org import --in "$work/c.tar" --slug "$slug-c"
verdict "and named" told 'context.issue.jsonl'
# A row that says it belongs to somebody who is here, in an archive whose hashes are right.
victim=$(sql "SELECT id FROM core.organisation WHERE slug = 'moat'")
python3 "$here/transfer.py" intrude "$work/a.tar" "$work/i.tar" context.site.jsonl "$victim"
verdict "a row of another organisation is refused" refused "$ballium" org import --in "$work/i.tar" --slug "$slug-i"
verdict "and in words of the wall" told 'row-level security'
head -c 60000 "$work/a.tar" >"$work/d.tar"
verdict "half an archive is refused" refused "$ballium" org import --in "$work/d.tar" --slug "$slug-d"
verdict "nothing of them is left" [ "$(sql "SELECT count(*) FROM core.organisation WHERE slug IN ('$slug-c', '$slug-d', '$slug-i')")" = 0 ]

# As a job: ordered, watched, taken away; the trail names who did.
job=$(call -X POST "$BALLIUM_URL/api/v1/orgs/keep/export" | jq -r .url)
for _ in $(seq 100); do
    call "$BALLIUM_URL$job" >"$work/job"
    [ "$(jq -r .state "$work/job")" = queued ] || break
    sleep 0.1
done
verdict "a job writes one too" [ "$(jq -r .state "$work/job")" = "done" ]
url=$(jq -r .outcome.url "$work/job")
call "$BALLIUM_URL$url" >"$work/e.tar"
verdict "it is taken away whole" python3 "$here/transfer.py" check "$work/e.tar"
"$ballium" org export --slug keep --out "$work/f.tar" >/dev/null
verdict "and the trail says who ordered it, and who took it" [ "$(tar xOf "$work/f.tar" core.event.jsonl |
    jq -c "select(.resource == \"core.exports\" and .record_id == \"${url##*/}\") | [.verb, .actor]" | sort -u | jq -r '.[0]' | xargs)" = "download order" ]
stranger=$(jq -c '.users[] | select(.organisation=="barbican" and .role=="owner") | {email, password}' "$BALLIUM_CREDENTIALS")
other=$(curl -s "$BALLIUM_URL/api/v1/auth/login" -H 'Content-Type: application/json' -d "$stranger" | jq -r .access_token)
verdict "nobody else gets it" [ "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $other" "$BALLIUM_URL${url/orgs\/keep/orgs\/barbican}")" = 404 ]
verdict "nor at its own door" [ "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $other" "$BALLIUM_URL$url")" = 404 ]
call -X DELETE -H 'If-Match: "1"' "$BALLIUM_URL/api/v1/orgs/keep/roles/copy-clerk" >/dev/null

# The purge: only of what is closed, only with the slug typed twice, nothing of anybody else's, and a proof that holds.
lone=lone-$$@example.org
echo 'correct horse battery' | "$ballium" user create --email "$lone" --name 'Lone Person' --password-stdin >/dev/null
"$ballium" user grant --email "$lone" --org "$slug" --roles reader >/dev/null
manifest=$("$ballium" org export --slug "$slug" --out "$work/g.tar" | sed -n 's/^manifest sha256://p')
before=$(issues keep)
verdict "what is open is not purged" refused "$ballium" org purge --slug "$slug" --confirm "$slug" --proof "$work/proof"
"$ballium" org close --slug "$slug" >/dev/null
verdict "nor without the slug once more" refused "$ballium" org purge --slug "$slug" --confirm keep --proof "$work/proof"
touch "$work/there"
verdict "nor without a place for the proof" refused "$ballium" org purge --slug "$slug" --confirm "$slug" --proof "$work/there"
"$ballium" org export --slug "$slug" --out "$work/h.tar" >/dev/null
verdict "and until then nothing is gone" [ "$(tar xOf "$work/h.tar" context.issue.jsonl | wc -l)" = "$(tar xOf "$work/g.tar" context.issue.jsonl | wc -l)" ]
verdict "a closed organisation is purged" "$ballium" org purge --slug "$slug" --confirm "$slug" --proof "$work/proof" --manifest "$manifest"
rm -f "$work/h.tar"
"$ballium" org export --slug "$slug" --out "$work/h.tar" >/dev/null
verdict "no row of it is left" [ "$(for p in $(tar tf "$work/h.tar" | grep jsonl); do tar xOf "$work/h.tar" "$p"; done | wc -l)" = 0 ]
verdict "other organisations have theirs" [ "$(issues keep)" = "$before" ]
verdict "who belonged to it alone is nobody now" [ "$(sql "SELECT count(*) FROM core.user_account WHERE email = '$lone'")" = 0 ]
verdict "the proof counts what went" [ "$(head -1 "$work/proof" | jq -r '.rows["context.issue"], .export_manifest_sha256' | xargs)" = \
    "$(tar xOf "$work/g.tar" context.issue.jsonl | wc -l) $manifest" ]
verdict "it holds" "$ballium" org proof --in "$work/proof"
sed 's/"context.issue":[0-9]*/"context.issue":1/' "$work/proof" >"$work/false"
verdict "another one does not" refused "$ballium" org proof --in "$work/false"
verdict "once is enough" refused "$ballium" org purge --slug "$slug" --confirm "$slug" --proof "$work/again"
exit $code
