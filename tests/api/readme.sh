#!/usr/bin/env bash
# What README.md says to type, as it is printed, against a ./run of its own: the address, the data folder and what a reader must fill in
# are all that is put in its place. ("A plugin in 40 lines" is tests/plugins/readme.sh, an identity provider's answers are in
# tests/security/outside.sh: there is none to be reached here.)
set -uo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d /tmp/ballium-readme-XXXXXX)
chmod 755 "$work"
run=
trap '[ -z "$run" ] || { kill -TERM $run; wait $run; } 2>/dev/null; rm -rf "$work"' EXIT
for name in "${!BALLIUM_@}"; do unset "$name"; done
code=0
# block N SECTION: the section's Nth fenced text.
block() {
    awk -v want="$1" -v section="## $2" '/^## / { here = $0 == section } !here { next }
        /^```/ { inside = !inside; n += inside; next } inside && n == want' "$here/README.md"
}

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
BALLIUM_CLUSTER_FAST=1 BALLIUM_PRESET=check BALLIUM_USER=root BALLIUM_PORT=$port BALLIUM_DATA=$work/data "$here/run" >"$work/run.log" 2>&1 8>&- &
run=$!
timeout 120 tail --pid=$run -n +1 -F "$work/run.log" 2>/dev/null | grep -m1 -q '^ready '
grep -q '^ready ' "$work/run.log" || { cat "$work/run.log"; echo "not ok - ./run says ready"; exit 1; }
serve=$(pgrep -P "$run" -f 'ballium.*serve' | head -1)

# What stands before each text: an answer of 400 and more is a failure, `ballium` is the one of ./run, a reload is that of its service.
cat >"$work/before" <<BEFORE
set -euo pipefail
cd '$work'
export BALLIUM_CONFIG='$work/data/ballium.conf'
curl() { # keeps the id of what was made
    command curl --fail-with-body "\$@" | tee answer || return 1
    jq -r '.id // empty' answer >made 2>/dev/null && [ -s made ] && mv made id
    return 0
}
ballium() { '$work/data/app/sbin/ballium' "\$@" | tee -a printed; }
systemctl() { [ "\$*" = 'reload ballium' ] && kill -HUP $serve; }
# the last line "NAME: …" that ballium printed; first: the first word of the last line with that word in it
said() { sed -n "s/^\$1: //p" printed | tail -n 1; }
manifest() { sed -n 's/^manifest sha256://p' printed | tail -n 1; }
first() { grep -F "\$1" printed | tail -n 1 | cut -d' ' -f1; }
log_in() {
    curl -s http://127.0.0.1:$port/api/v1/auth/login -H 'Content-Type: application/json' \
        -d "\$(jq -c --arg role "\$1" '.users[] | select(.organisation=="keep" and .role==\$role) | {email, password}' data/demo-credentials.json)" |
        jq -r .access_token
}
BEFORE
# paste WHAT TEXT [SETTING…]: as a shell would take it, after the lines that say what a reader fills in.
paste() {
    local what=$1 text
    text=$(sed -e "s|http://127.0.0.1:8080|http://127.0.0.1:$port|g; s|https://isms.example.org|http://127.0.0.1:$port|g; s|/var/lib/ballium|$work|g; s|var/demo|$work/data/demo|g" <<<"$2")
    shift 2
    { cat "$work/before"; printf '%s\n' "$@" "$text"; } >"$work/script"
    [ -n "$text" ] && bash "$work/script" >"$work/out" 2>&1 </dev/null
    if [ $? = 0 ]; then echo "ok - $what"; else echo "not ok - $what"; tail -n 30 "$work/out" | sed 's/^/    /'; code=1; fi
}
printed() { if grep -qE "$2" "$work/out"; then echo "ok - $1"; else echo "not ok - $1: $2 is not in"; sed 's/^/    /' "$work/out"; code=1; fi; }

paste "two commands" "$(block 2 'Two commands')"
printed "the issues are printed" '"ref": "ISS-'
printed "so are the gaps" '"clause": "4'
paste "the drawing and the workbook are what they say" 'head -c 500 map.svg | grep -q "<svg" && python3 -m zipfile -l issues.xlsx | grep -q xl/workbook.xml'

paste "a client and a token" "$(block 1 'Add a client and a token' | sed "s|\"password\":\"…\"|\"password\":\"'\$(said password)'\"|")"
printed "the answer holds a token" '"access_token":"'
paste "a service client and its token" \
    "$(block 1 'A service client and its token' | sed 's|\$CLIENT_ID|$(first scanner)|; s|\$CLIENT_SECRET|$(said client_secret)|')"
printed "the answer holds its token" '"access_token":"'
paste "for consultants" "$(block 1 'For consultants')"
printed "the client accepts" '"in_force":true'
printed "the search finds" '"organisation":"moat"'
printed "the new client's owner is invited" '"owner_token": "bli_'

# A checkpoint is there once `ballium work` has sealed what the lines above did: within a second or so.
paste "a record to forget, sealed" 'API=http://127.0.0.1:8080/api/v1/orgs/keep TOKEN=$(log_in manager)
api() { curl -s -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" "$@"; }
api $API/context/statements -d "{\"kind\":\"outcome\",\"title\":\"To forget\",\"text\":\"Words to forget.\"}" | jq -r .id >record
for _ in $(seq 300); do
    api "$API/events?record=$(cat record)" | jq -r ".items[0] | select(.seq != null).id" >event
    [ -s event ] && exit 0
    read -r -t 0.1 <> <(:) || :
done
api "$API/events?record=$(cat record)"
exit 1'
trail=$(block 1 'The audit trail')
paste "the audit trail" "$trail" 'TOKEN=$(log_in owner) EVENT=$(cat event) ID=$(cat record)' 'ballium audit key >key; KEY=$(cat key)' \
    'ballium audit export --org keep --out before.jsonl' \
    'SIZE=$(jq -r ".checkpoint.size // empty" before.jsonl | tail -n 1) ROOT=$(jq -r ".checkpoint.root // empty" before.jsonl | tail -n 1)'
printed "the proof has its path" '"proof": \['
printed "the words are redacted" '^1 events redacted'

eva='TOKEN=$(command curl -s http://127.0.0.1:8080/api/v1/auth/login -H "Content-Type: application/json" \
    -d "{\"email\":\"eva@acme.example\",\"password\":\"$(said password)\"}" | jq -r .access_token)'
# The third line replays a message that nobody took for four days: there is none here.
paste "webhooks" "$eva
$(block 1 Webhooks | head -n -1 | sed 's|$ID|$(cat id)|')"
printed "the secret is shown once" '"secret": *"whsec_'
paste "secrets" "$(block 1 Secrets)" "OLD=\$(ballium key list | sed -n 's/ *VAULT  seals.*//p')"
printed "they stand under the new key" 'sealed anew under'

paste "leaving" "$(block 1 Leaving | sed 's|--manifest SHA256|--manifest $(manifest)|; s|2027-01-31|2099-01-31|')"
printed "the proof of the purge holds" 'acme'
exit $code
