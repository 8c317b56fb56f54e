#!/usr/bin/env bash
# "A plugin in 40 lines" of README.md, as it is printed: built outside the tree against an installed Ballium, migrated, served, used.
# BALLIUM_BINARY: the installed program, <prefix>/sbin/ballium.
set -uo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
ballium=${BALLIUM_BINARY:?tests/run sets it}
prefix=$(cd "$(dirname "$ballium")/.." && pwd)
work=$(mktemp -d /tmp/ballium-readme-XXXXXX)
chmod 755 "$work"
started=()
trap 'for pid in "${started[@]}"; do kill -TERM "$pid"; wait "$pid"; done 2>/dev/null; "$here/sql/cluster" stop "$work/db" >/dev/null 2>&1; rm -rf "$work"' EXIT
for name in "${!BALLIUM_@}"; do unset "$name"; done
code=0
check() { # check WHAT COMMAND…: the command must succeed
    local what=$1
    shift
    if "$@" >"$work/log" 2>&1; then echo "ok - $what"; else echo "not ok - $what"; sed 's/^/    /' "$work/log"; code=1; fi
}
# block LANGUAGE: the text of the section's first fence of that language ("": of none).
block() {
    awk -v language="$1" '/^## / { here = $0 == "## A plugin in 40 lines" }
        !here { next }
        /^```/ { if (fence) { if (taken) exit; fence = 0 } else { fence = 1; taken = substr($0, 4) == language }; next }
        fence && taken' "$here/README.md"
}


mkdir "$work/risks"
block c >"$work/risks/plugin.c"
block cmake >"$work/risks/CMakeLists.txt"
commands=$(block "" | grep -v '^ballium migrate')
check "the plugin has no more than 40 lines" bash -c "[ \$(cat '$work'/risks/* | wc -l) -le 40 ] && [ -s '$work/risks/plugin.c' ]"
check "so has the list of its commands" test "$(wc -l <<<"$commands")" = 3
# As printed, but for where Ballium is installed. What a caller would have typed is in the log of a failure.
# As printed, but for where Ballium is installed.
mkdir "$work/bin" && ln -s "$ballium" "$work/bin/ballium"
in_work() { (cd "$work" && PATH=$work/bin:$PATH CMAKE_PREFIX_PATH=$prefix DESTDIR=$work/installed BALLIUM_CONFIG=/dev/null \
    CFLAGS="-Wall -Wextra -Wconversion -Wshadow -Wmissing-prototypes -Werror" bash -euxc "$1"); }
check "they build and install it" in_work "$commands"

mkdir "$work/db" && BALLIUM_CLUSTER_FAST=1 "$here/sql/cluster" start "$work/db" || exit 1
eval "$("$here/sql/cluster" env "$work/db")"
mkdir -m 700 "$work/keys" "$work/data"
mkdir -p "$work/web/log" "$work/web/nginx"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
url=http://127.0.0.1:$port
export BALLIUM_CONFIG=/dev/null BALLIUM_PLUGIN_DIR=$work/installed/usr/lib/ballium/plugins BALLIUM_SOCKET=$work/s BALLIUM_SOCKET_GROUP= \
    BALLIUM_KEYS_DIR=$work/keys BALLIUM_DATA_DIR=$work/data BALLIUM_BASE_URL=$url BALLIUM_PROCESSES=1
check "ballium migrate makes its tables" "$ballium" migrate
check "which are what the descriptor says" bash -c "'$ballium' doctor | grep -x 'ok    tables: risks'"
check "with a key, an organisation and its owner" bash -euc "
    '$ballium' key new es256
    '$ballium' org create --slug acme --name 'Acme Works' --kind client
    echo 'a long pass phrase of Eva' | '$ballium' user create --email eva@acme.example --name 'Eva Stone' --password-stdin
    '$ballium' user grant --email eva@acme.example --org acme --roles owner"
"$ballium" serve 2>"$work/serve.log" &
started+=($!)
cp "$here/nginx/http.conf" "$here/nginx/server.conf" "$work/web/nginx/"
sed -e "s|@PORT@|$port|g" -e "s|@DATA@|$work/web|g" -e "s|@FILES@|$work/data/files|g" -e "s|@SOCKET@|$work/s|g" "$here/nginx/nginx.conf.in" >"$work/web/nginx/nginx.conf"
as_root= && [ "$(id -u)" != 0 ] || as_root=' user root;' # to other users the socket is closed
PATH=$PATH:/usr/sbin nginx -p "$work/web/nginx" -e "$work/web/log/error" -c "$work/web/nginx/nginx.conf" -g "daemon off;$as_root" &
started+=($!)
check "it is served" curl -sf --retry 60 --retry-delay 1 --retry-all-errors -o /dev/null "$url/readyz"
api() { curl -sf -H "Authorization: Bearer ${token:-}" -H 'Content-Type: application/json' "$url/api/v1/$1" "${@:2}" | tee "$work/answer"; }
token=$(api auth/login -d '{"email":"eva@acme.example","password":"a long pass phrase of Eva"}' | jq -r .access_token)
item=orgs/acme/risks/items
check "an item is made" api $item -d '{"title":"Mend the gate","kind":"guard","due_on":"2031-05-01"}'
check "its reference has the prefix" test "$(jq -r .ref "$work/answer")" = IT-1
check "it is found by its words" bash -c "[ $(api "$item?q=gate&kind=guard" | jq '.items | length') = 1 ]"
check "it stands on the calendar" bash -c "[ $(api "orgs/acme/calendar?from=2031-05-01&to=2031-05-01" | jq '.items | length') = 1 ]"
check "it has a history" bash -c "[ $(api "$item/$(api $item | jq -r '.items[0].id')/history" | jq '.items | length') = 1 ]"
check "the document describes it" bash -c "[ $(api openapi.json | jq '.paths | has("/api/v1/orgs/{org}/risks/items/{id}")') = true ]"
check "a kind that the table does not name is refused" test "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $token" \
    -H 'Content-Type: application/json' "$url/api/v1/$item" -d '{"title":"x","kind":"other"}')" = 422
[ $code = 0 ] || tail -n 5 "$work/serve.log" | sed 's/^/    /'
exit $code
