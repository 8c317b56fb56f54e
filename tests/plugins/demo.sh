#!/usr/bin/env bash
# `ballium demo` on a database of its own: it leaves strangers alone, goes on after it was killed, does nothing twice, and keeps the
# passwords private. BALLIUM_BINARY: the installed program, <prefix>/sbin/ballium.
set -u
here=$(cd "$(dirname "$0")/../.." && pwd)
ballium=${BALLIUM_BINARY:?tests/run sets it}
prefix=$(cd "$(dirname "$ballium")/.." && pwd)
work=$(mktemp -d /tmp/ballium-demo-XXXXXX)
chmod 755 "$work"
trap '"$here/sql/cluster" stop "$work/db" >/dev/null 2>&1; rm -rf "$work"' EXIT
mkdir "$work/db" "$work/keys" "$work/files"
code=0
verdict() { # verdict WHAT CONDITION…
    local what=$1
    shift
    if "$@"; then echo "ok - $what"; else echo "not ok - $what"; sed 's/^/    /' "$work/log"; code=1; fi
}
says() { grep -qF -- "$1" "$work/log"; }
demo() { BALLIUM_CONFIG=$work/ballium.conf "$ballium" demo "$@" >"$work/log" 2>&1; }
ask() { psql "$superuser" -XAtqc "$1"; }

BALLIUM_CLUSTER_FAST=1 "$here/sql/cluster" start "$work/db" >"$work/log" 2>&1 || { verdict "the cluster starts" false; exit 1; }
eval "$("$here/sql/cluster" env "$work/db")"
superuser=$BALLIUM_TEST_SUPERUSER
cat >"$work/ballium.conf" <<CONF
database = $BALLIUM_DATABASE
migrator = $BALLIUM_MIGRATOR
plugin_dir = $prefix/lib/ballium/plugins
keys_dir = $work/keys
data_dir = $work/files
CONF
unset BALLIUM_CONFIG BALLIUM_DATABASE BALLIUM_MIGRATOR BALLIUM_PLUGIN_DIR BALLIUM_PLUGINS BALLIUM_KEYS_DIR BALLIUM_DATA_DIR
BALLIUM_CONFIG=$work/ballium.conf "$ballium" key new es256 >"$work/log" 2>&1 &&
    BALLIUM_CONFIG=$work/ballium.conf "$ballium" migrate >"$work/log" 2>&1
verdict "a key and a migrated database" [ $? -eq 0 ]
file=$work/files/demo-credentials.json

ask "INSERT INTO core.organisation (id, slug, name, kind) VALUES (gen_random_uuid(), 'keep', 'Somebody else', 'client')"
demo
verdict "an organisation of that slug which is somebody's stops it" [ $? -ne 0 ]
verdict "and is named" says "an organisation keep is there"
verdict "nothing was changed" [ "$(ask 'SELECT count(*) FROM core.user_account')" = 0 ]
ask "DELETE FROM core.organisation WHERE slug = 'keep'"

demo &
demo_pid=$!
until [ "$(ask 'SELECT count(*) FROM core.event')" -gt 60 ] || ! kill -0 $demo_pid 2>/dev/null; do :; done
pkill -KILL -P $demo_pid -x ballium
wait $demo_pid 2>/dev/null
verdict "killed in the middle it leaves no credentials" [ ! -e "$file" ]

demo "$work/no such folder/file.json"
verdict "credentials that cannot be written fail it" [ $? -ne 0 ]
verdict "with their path" says "$work/no such folder/file.json"
events=$(ask 'SELECT count(*) FROM core.event')
demo
verdict "started again it ends well" [ $? -eq 0 ]
verdict "nothing was done twice" [ "$(ask 'SELECT count(*) FROM core.event')" = "$events" ]
verdict "every issue is there once" [ "$(ask 'SELECT count(DISTINCT title) = count(*) AND count(*) = 42 FROM context.issue')" = t ]
verdict "one scope is in force, one superseded" \
    [ "$(ask "SELECT string_agg(s.status, ' ' ORDER BY s.ref) FROM context.scope s JOIN core.organisation o ON o.id = s.tenant_id WHERE o.slug = 'keep'")" = "superseded in_force" ]
verdict "its author did not approve it" [ "$(ask 'SELECT count(*) FROM context.scope WHERE approved_by_id = created_by')" = 0 ]
verdict "three controls of keep are proved by evidence, two by their tests too" \
    [ "$(ask 'SELECT count(evidence_until), count(*) FILTER (WHERE annex_a.has_credit(status, evidence_until, last_result, next_test_on)) FROM annex_a.control')" = "3|2" ]
at_ditch="JOIN core.organisation o ON o.id = t.tenant_id AND o.slug = 'ditch'"
verdict "ditch has just begun to measure and to plan audits" \
    [ "$(ask "SELECT (SELECT count(*) FROM evaluation.metric t $at_ditch WHERE starts_on > current_date AND last_measured_on IS NULL), (SELECT string_agg(t.status, ' ') FROM evaluation.audit_programme t $at_ditch), (SELECT string_agg(t.status, ' ') FROM evaluation.audit t $at_ditch)")" = "1|draft|planned" ]
verdict "only the owner of the credentials may read them" [ "$(stat -c %a "$file")" = 600 ]
verdict "every role has a user" \
    [ "$(grep -o '"role": "[a-z_]*"' "$file" | sort -u | wc -l)" = 10 ]
verdict "passwords have 20 characters and are each somebody's" \
    [ "$(grep -oE '"password": "[A-Za-z2-9]{20}"' "$file" | sort -u | wc -l)" = "$(ask 'SELECT count(*) FROM core.user_account')" ]

before=$(sha256sum "$file")
demo
verdict "all of it there: it says so" says "loaded already"
verdict "and keeps the credentials" [ "$(sha256sum "$file")" = "$before" ]
ask "UPDATE context.statement SET created_at = created_at - interval '2 days'; UPDATE certification.body_setting SET created_at = created_at - interval '2 days'; DELETE FROM core.idempotency" >/dev/null
rm "$file"
demo
verdict "without the file there are new passwords" [ -s "$file" ]
verdict "and the records of two days ago are kept as they are" [ "$(ask 'SELECT count(*) FROM core.event')" = "$events" ]
exit $code
