#!/usr/bin/env bash
# Identity providers of organisations: their tokens, their keys, and sign-in by OpenID Connect, with npm's oidc-provider as the other side.
# The service is told meanwhile that providers may stand on this machine.
#   BALLIUM_URL BALLIUM_BINARY BALLIUM_CONFIG BALLIUM_MASTER_PID   of a running service
set -u
here=$(cd "$(dirname "$0")" && pwd)
: "${BALLIUM_URL:?tests/run sets it}" "${BALLIUM_BINARY:?tests/run sets it}" "${BALLIUM_CONFIG:?tests/run sets it}" "${BALLIUM_MASTER_PID:?tests/run sets it}"
log=$(mktemp) before=$(mktemp)
cat "$BALLIUM_CONFIG" >"$before"
restore() {
    cat "$before" >"$BALLIUM_CONFIG"
    kill -HUP "$BALLIUM_MASTER_PID"
    rm -f "$log" "$before"
}
trap restore EXIT
# Installed again only when the lock file is newer.
if [ ! "$here/outside/node_modules/.package-lock.json" -nt "$here/outside/package-lock.json" ]; then
    if ! npm ci --prefix "$here/outside" --no-audit --no-fund >"$log" 2>&1; then
        tail -n 20 "$log"
        echo "not ok - npm ci installs the pinned packages"
        exit 1
    fi
fi
NODE_NO_WARNINGS=1 node "$here/outside/main.mjs"
