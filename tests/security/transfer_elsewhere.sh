#!/usr/bin/env bash
# An organisation moves into another installation: a database cluster, keys and a store of files of its own, where others live already.
# Everything arrives, nothing that opens a door does, and what was changed on the way is refused with its place. TAP.
set -u
here=$(cd "$(dirname "$0")" && pwd)
: "${BALLIUM_URL:?}" "${BALLIUM_CREDENTIALS:?}" "${BALLIUM_BINARY:?}" "${BALLIUM_CONFIG:?}"
ballium=$BALLIUM_BINARY
work=$(mktemp -d /tmp/ballium-elsewhere-XXXXXX)
chmod 755 "$work"
worker=
finish() {
    [ -z "$worker" ] || { kill -TERM "$worker" 2>/dev/null && wait "$worker" 2>/dev/null; }
    "$here/../../sql/cluster" stop "$work/db" >/dev/null 2>&1
    rm -rf "$work"
}
trap finish EXIT
code=0
verdict() { local name=$1; shift; if "$@"; then echo "ok - $name"; else echo "not ok - $name"; code=1; fi; }
refused() { ! "$@" >"$work/out" 2>"$work/why"; }
told() { grep -q "$1" "$work/why"; }

# ---- here: keep, with what the demo lacks ----
token() { curl -s "$BALLIUM_URL/api/v1/auth/login" -H 'Content-Type: application/json' \
    -d "$(jq -c ".users[] | select(.organisation==\"$1\" and .role==\"$2\") | {email, password}" "$BALLIUM_CREDENTIALS")" | jq -r .access_token; }
owner=$(token keep owner) body=$(token outerwall owner)
keep=$BALLIUM_URL/api/v1/orgs/keep json='Content-Type: application/json'
call() { curl -s -H "Authorization: Bearer $owner" "$@"; }
head -c 4000 /dev/urandom >"$work/evidence.bin"
call "$keep/files?name=evidence-$$.bin" -H 'Content-Type: application/octet-stream' --data-binary "@$work/evidence.bin" >"$work/uploaded"
hash=$(sha256sum <"$work/evidence.bin" | cut -d' ' -f1)
call "$keep/roles" -H "$json" -d '{"name":"move-clerk","label":"Move clerk","permissions":["context.issue:read"]}' >/dev/null
call "$keep/webhooks" -H "$json" -d '{"url":"https://hooks.example.org/move","events":["*"]}' >"$work/hook"
client=$("$ballium" client create --org keep --name 'Move scanner' --permissions context.issue:read,context.issue:write)
id=$(head -1 <<<"$client" | cut -d' ' -f1) secret=$(sed -n 's/^client_secret: //p' <<<"$client")
machine=$(curl -s "$BALLIUM_URL/oauth/token" -u "$id:$secret" -d grant_type=client_credentials | jq -r .access_token)
issue=$(curl -s "$keep/context/issues" -H "Authorization: Bearer $machine" -H "$json" -d '{"title":"Found by a machine","origin":"internal",
    "effect":"negative","concern":"isms_outcome","category":"technology","influence":1,"control":1}' | jq -r .ref)
engagement=$(curl -s "$BALLIUM_URL/api/v1/orgs/outerwall/engagements" -H "Authorization: Bearer $body" |
    jq -r '.items[] | select(.state == "active" and .organisation.slug == "keep") | .id' | head -1)
auditor=$(curl -s "$BALLIUM_URL/api/v1/me" -H "Authorization: Bearer $(token outerwall cb_auditor)" | jq -r .user.id)
curl -s "$BALLIUM_URL/api/v1/orgs/outerwall/engagements/$engagement/staff" -H "Authorization: Bearer $body" -H "$json" \
    -d "{\"user_id\":\"$auditor\",\"role\":\"reader\"}" >/dev/null

"$ballium" audit export --org keep --out "$work/trail.jsonl"
manifest=$("$ballium" org export --slug keep --out "$work/a.tar" | sed -n 's/^manifest sha256://p')
# The auditor leaves keep again: other tests count on it that the body is not in there.
curl -s -X DELETE "$BALLIUM_URL/api/v1/orgs/outerwall/engagements/$engagement/staff/$auditor" -H "Authorization: Bearer $body" >/dev/null
part() { tar xOf "$1" "$2"; }
verdict "a machine's record, a role, an engaged person and links are in it" [ "$(part "$work/a.tar" context.issue.jsonl | grep -c "$issue")
$(part "$work/a.tar" core.role.jsonl | grep -c move-clerk) $(part "$work/a.tar" members.jsonl | jq -s 'any(.[]; .engaged)') $(part "$work/a.tar" core.link.jsonl |
    jq -s 'length > 20')" = "1
1 true true" ]
verdict "no secret and no key is in it" refused grep -aqE "whsec_|whsk_|argon2|$secret" "$work/a.tar"

# ---- there: another cluster, other keys, another store; somebody of keep's lives there too ----
unset BALLIUM_CLUSTER_DIR
mkdir -m 700 "$work/keys" "$work/files"
BALLIUM_CLUSTER_FAST=1 "$here/../../sql/cluster" start "$work/db" >"$work/start.log" 2>&1 || { cat "$work/start.log"; exit 1; }
there="host=$work/db/socket dbname=ballium"
[ ! -f "$work/db/socket.at" ] || there="host=$(cat "$work/db/socket.at") dbname=ballium"
sed -E -e "s#^(database|migrator|worker) = .* user=#\1 = $there user=#" -e "s#^keys_dir = .*#keys_dir = $work/keys#" -e "s#^data_dir = .*#data_dir = $work/files#" \
    "$BALLIUM_CONFIG" >"$work/there.conf"
[ "$(grep -c "$work" "$work/there.conf")" = 5 ] || { echo "Bail out! the configuration still names the installation here"; exit 1; }
elsewhere() { BALLIUM_CONFIG=$work/there.conf "$ballium" "$@"; }
sql() { psql -qAtX -v ON_ERROR_STOP=1 "$there user=postgres" -c "$1"; }
elsewhere key new es256 >/dev/null && elsewhere key new vault >/dev/null && elsewhere migrate >"$work/migrate.log" 2>&1
verdict "another installation stands, and is empty" [ "$(sql 'SELECT count(*) FROM core.organisation')" = 0 ]
# Of the same name, so that the two exports can be compared; only the one there has a password.
reader=$(jq -r '.users[] | select(.organisation=="keep" and .role=="reader") | .email' "$BALLIUM_CREDENTIALS")
name=$(part "$work/a.tar" members.jsonl | jq -r "select(.email == \"$reader\") | .name")
elsewhere org create --slug keep --name 'Another Keep' --kind client >/dev/null
echo 'correct horse elsewhere' | elsewhere user create --email "$reader" --name "$name" --password-stdin >/dev/null
known=$(sql "SELECT id FROM core.user_account WHERE email = '$reader'")

# ---- what was changed on the way is refused, by name, and leaves nothing ----
spoiled() { # spoiled HOW PART WORDS
    python3 "$here/transfer.py" "$1" "$work/a.tar" "$work/bad.tar" "$2"
    verdict "$1 $2: refused" refused elsewhere org import --in "$work/bad.tar" --slug moved
    verdict "$1 $2: named" told "$3"
}
spoiled spoil core.event.jsonl core.event.jsonl
spoiled spoil "files/$hash" "files/$hash"
spoiled spoil organisation.json organisation.json
spoiled drop core.link.jsonl core.link.jsonl
spoiled add core.role.jsonl 'does not name'
spoiled older context 'migration .* of context'
# Every hash in the manifest made anew: only the manifest's own hash, which the export printed, tells.
python3 "$here/transfer.py" forge "$work/a.tar" "$work/bad.tar" context.issue.jsonl
verdict "a forged manifest is refused" refused elsewhere org import --in "$work/bad.tar" --slug moved --manifest "$manifest"
verdict "and named" told manifest.json
python3 "$here/transfer.py" huge "$work/huge.tar"
verdict "more records than fit into its memory are refused" refused elsewhere org import --in "$work/huge.tar" --slug moved
verdict "before anything is written, in words" told 'its records take 301 MiB: an import takes 300 at most'
rm -f "$work/huge.tar"
verdict "a slug that is taken there is refused" refused elsewhere org import --in "$work/a.tar"
verdict "nothing of them is left" [ "$(sql 'SELECT count(*) FROM core.organisation') $(sql 'SELECT count(*) FROM context.issue')" = "1 0" ]

# ---- the move ----
verdict "it moves" elsewhere org import --in "$work/a.tar" --slug moved --manifest "$manifest"
elsewhere org export --slug moved --out "$work/b.tar" >/dev/null
verdict "field by field the same, each id another and always the same one" python3 "$here/transfer.py" same "$work/a.tar" "$work/b.tar"
verdict "as many of each resource" python3 "$here/transfer.py" counts "$work/a.tar" "$work/b.tar"
verdict "its files are in the store there, byte for byte" cmp -s "$work/evidence.bin" "$(find "$work/files" -name "$hash")"
tenant=$(sql "SELECT id FROM core.organisation WHERE slug = 'moved'")
verdict "who lived there already is the same account, with the same password" [ "$(sql "SELECT m.status, u.name, u.password_hash IS NOT NULL
    FROM core.membership m JOIN core.user_account u ON u.id = m.user_id WHERE m.tenant_id = '$tenant' AND u.id = '$known'")" = "active|$name|t" ]
verdict "nobody else has one, or a second factor" [ "$(sql "SELECT count(*) FROM core.user_account u WHERE u.id <> '$known' AND (u.password_hash
    IS NOT NULL OR EXISTS (SELECT FROM core.totp t WHERE t.user_id = u.id))")" = 0 ]
verdict "whoever came by an engagement has left, and no engagement came along" [ "$(sql "SELECT count(*) FROM core.membership m WHERE m.tenant_id =
    '$tenant' AND m.engagement_id IS NOT NULL") $(sql 'SELECT count(*) FROM core.engagement')" = "0 0" ]
verdict "the machine's record names an account that opens nothing" [ "$(sql "SELECT u.kind, m.status, u.name FROM context.issue i
    JOIN core.user_account u ON u.id = i.created_by JOIN core.membership m ON m.tenant_id = i.tenant_id AND m.user_id = u.id
    WHERE i.tenant_id = '$tenant' AND i.ref = '$issue'") $(sql 'SELECT count(*) FROM core.client') $(sql "SELECT count(*) FROM core.webhook")" = \
    "service|ended|Move scanner 0 0" ]
verdict "each end of each link is there" [ "$(sql "SELECT count(*) FROM core.link l WHERE l.tenant_id = '$tenant' AND NOT EXISTS (SELECT FROM core.event e
    WHERE e.tenant_id = l.tenant_id AND e.record_id = l.from_id)")" = "$(python3 "$here/transfer.py" loose "$work/a.tar")" ]
verdict "the trails differ in nothing but ids" [ "$(part "$work/a.tar" core.event.jsonl | jq -r '[.at, .verb, .resource, .ref, .version] | @csv' | sha256sum)" = \
    "$(part "$work/b.tar" core.event.jsonl | jq -r '[.at, .verb, .resource, .ref, .version] | @csv' | sha256sum)" ]

# ---- the trails: the old one by its own key, without a database; the new one sealed there ----
key=$("$ballium" audit key)
verdict "the old trail proves itself where it has gone" elsewhere audit verify "$work/trail.jsonl" --key "$key"
BALLIUM_CONFIG=$work/there.conf "$ballium" work 2>"$work/work.log" & # itself, not a shell around it: it is stopped by its id
worker=$!
for _ in $(seq 600); do
    [ "$(sql "SELECT count(*) FROM core.event WHERE tenant_id = '$tenant' AND seq IS NULL")" != 0 ] || break
    sleep 0.1
done
elsewhere audit export --org moved --out "$work/new.jsonl"
verdict "the new one is sealed by the key there" elsewhere audit verify "$work/new.jsonl" --key "$(elsewhere audit key)"
verdict "whole, and it goes on" [ "$(grep -c '^{"event"' "$work/new.jsonl")" -ge "$(part "$work/a.tar" core.event.jsonl | wc -l)" ]
verdict "and by no other" refused elsewhere audit verify "$work/new.jsonl" --key "$key"

# ---- and away again: a purge there, proved without a database ----
elsewhere org close --slug moved --reason 'Moved on' >/dev/null
verdict "it is purged there" elsewhere org purge --slug moved --confirm moved --proof "$work/proof" --manifest "$manifest" >/dev/null
nowhere() { BALLIUM_CONFIG=$work/nowhere.conf "$ballium" "$@"; }
sed -E "s#^(database|migrator|worker) = .*#\1 = host=/nowhere dbname=none#" "$work/there.conf" >"$work/nowhere.conf"
verdict "the proof holds without a database" nowhere org proof --in "$work/proof"
sed 's/"context.issue":[0-9]*/"context.issue":1/' "$work/proof" >"$work/false"
verdict "another one does not" refused nowhere org proof --in "$work/false"
verdict "nor by keys of another installation" refused "$ballium" org proof --in "$work/proof"
verdict "the bytes are no organisation's any more" [ "$(sql "SELECT count(*) FROM core.file")" = 0 ]

# ---- an organisation with eight thousand rows whose sums change with their ids ----
elsewhere org import --in "$work/a.tar" --slug many >/dev/null
columns=$(sql "SELECT string_agg(quote_ident(column_name), ', ' ORDER BY ordinal_position) FROM information_schema.columns WHERE table_schema = 'planning'
    AND table_name = 'treatment_action' AND is_generated = 'NEVER' AND column_name NOT IN ('id', 'ref', 'title')")
sql "INSERT INTO planning.treatment_action (id, ref, title, $columns) SELECT gen_random_uuid(), 'TA-many-' || n, 'Action ' || n, $columns FROM (SELECT a.* FROM planning.treatment_action a
    JOIN core.organisation o ON o.id = a.tenant_id WHERE o.slug = 'many' AND a.control_id IS NOT NULL LIMIT 1) a, generate_series(1, 8000) n"
sql "UPDATE planning.treatment_action SET result = fingerprint WHERE ref LIKE 'TA-many-%'" # a place that has noted it
elsewhere org export --slug many --out "$work/m.tar" >/dev/null
verdict "it moves as well" elsewhere org import --in "$work/m.tar" --slug more
verdict "every row has a sum of its own, another than before, and so has what had noted it" [ "$(sql "SELECT count(*), count(DISTINCT a.fingerprint),
    count(*) FILTER (WHERE a.result = a.fingerprint), count(*) FILTER (WHERE a.fingerprint = b.fingerprint) FROM planning.treatment_action a
    JOIN core.organisation o ON o.id = a.tenant_id AND o.slug = 'more' JOIN planning.treatment_action b ON b.ref = a.ref AND b.tenant_id <> a.tenant_id
    WHERE a.ref LIKE 'TA-many-%'")" = "8000|8000|8000|0" ]

call -X DELETE -H 'If-Match: "1"' "$keep/roles/move-clerk" >/dev/null
"$ballium" client end --id "$id" >/dev/null
exit $code
