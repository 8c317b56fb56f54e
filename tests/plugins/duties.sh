#!/usr/bin/env bash
# What support and leadership do by themselves: what has run out expires, what is over ends, who has not read is reminded, and nothing
# else. The running `ballium work` does it; here it is only told that the hour has come.
set -u
here=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d /tmp/ballium-duties-XXXXXX)
trap 'rm -rf "$work"' EXIT
code=0
verdict() { # verdict WHAT CONDITION…
    local what=$1
    shift
    if "$@"; then echo "ok - $what"; else echo "not ok - $what"; sed 's/^/    /' "$work/log"; code=1; fi
}
eval "$("$here/sql/cluster" env "${BALLIUM_CLUSTER_DIR:?tests/run sets it}")"
ask() { psql "$BALLIUM_TEST_SUPERUSER" -XAtqc "$1"; }
curl --noproxy '*' -sS "$BALLIUM_URL/api/v1/auth/login" -H 'Content-Type: application/json' -d "$(jq -c '.users[] | select(.organisation == "ditch" and .role == "owner") | {email, password}' "$BALLIUM_CREDENTIALS")" >"$work/login"
token=$(jq -r .access_token "$work/login")
api=$BALLIUM_URL/api/v1/orgs/ditch
call() { curl --noproxy '*' -sS -H "Authorization: Bearer $token" "$@" 2>>"$work/log"; }
make() { call "$api/$1" -H 'Content-Type: application/json' -d "$2" | tee -a "$work/log" | jq -r .id; }
act() { # act PATH VERB [BODY]
    local tag
    tag=$(call "$api/$1" | jq -r .version)
    call "$api/$1:$2" -H "If-Match: \"$tag\"" -H 'Content-Type: application/json' -d "${3:-{\}}" >>"$work/log"
}
state() { call "$api/$1" | jq -r .status; }
day() { date -u -d "$1 days" +%F; }
unique=$(date +%s%N)

unit="Unit $unique"
person=$(make support/persons "{\"name\": \"Ada\", \"unit\": \"$unit\"}")
competence=$(make support/competences "{\"name\": \"Competence $unique\"}")
proof() { make support/qualifications "{\"person_id\": \"$person\", \"competence_id\": \"$competence\", \"level\": 2, \"evidence\": \"Seen\", \"obtained_on\": \"$(day -90)\", \"expires_on\": \"$1\"}"; }
over=$(proof "$(day -1)")
good=$(proof "$(day 0)")
role=$(make leadership/roles "{\"name\": \"Role $unique\", \"responsibilities\": \"Sees\", \"authorities\": \"May\"}")
appointment=$(make leadership/appointments "{\"role_id\": \"$role\", \"person_id\": \"$person\", \"from_on\": \"$(day -90)\", \"to_on\": \"$(day -1)\"}")
other=$(make support/persons "{\"name\": \"Bo\", \"unit\": \"$unit\"}")
running=$(make leadership/appointments "{\"role_id\": \"$role\", \"person_id\": \"$other\", \"from_on\": \"$(day -90)\", \"to_on\": \"$(day 0)\"}")

# A policy that somebody else wrote is not needed here: the campaigns are put where a day later would have brought them.
document=$(make support/documents "{\"title\": \"Policy $unique\"}")
policy=$(make leadership/policies "{\"title\": \"Policy $unique\", \"topic\": \"Doors\", \"document_id\": \"$document\", \"units\": [\"$unit\"]}")
campaign() { make leadership/acknowledgement-campaigns "{\"title\": \"Read\", \"policy_id\": \"$policy\", \"due_on\": \"$(day 9)\", \"remind_days\": 3}"; }
late=$(campaign)
fresh=$(campaign)
ask "UPDATE leadership.acknowledgement_campaign SET status = 'running', started_on = current_date - 5 WHERE id = '$late';
     UPDATE leadership.acknowledgement_campaign SET status = 'running', started_on = current_date - 1 WHERE id = '$fresh'"

kinds="'support.expire_qualifications', 'leadership.end_appointments', 'leadership.remind_readers'"
rounds() { ask "SELECT count(*) FROM core.job WHERE kind IN ($kinds) AND state = 'done'"; }
round() { # tells the worker that the hour has come, and waits for its three rounds
    local before
    before=$(rounds)
    ask "UPDATE core.job SET run_at = now() WHERE kind IN ($kinds) AND state = 'queued'"
    timeout 60 bash -c "until [ \"\$(psql '$BALLIUM_TEST_SUPERUSER' -XAtqc \"SELECT count(*) >= $before + 3 FROM core.job WHERE kind IN ($kinds) AND state = 'done'\")\" = t ]; do :; done"
}
reminders() { call "$api/leadership/reminders?campaign_id=$1" | jq '.items | length'; }

verdict "the worker makes its rounds" round
verdict "proof whose last day has passed is expired" [ "$(state "support/qualifications/$over")" = expired ]
verdict "on its last day it counts" [ "$(state "support/qualifications/$good")" = valid ]
verdict "an appointment ends after its last day" [ "$(state "leadership/appointments/$appointment")" = ended ]
verdict "and not before" [ "$(state "leadership/appointments/$running")" = proposed ]
verdict "both who have not read are reminded" [ "$(reminders "$late")" = 2 ]
verdict "not before the rhythm says so" [ "$(reminders "$fresh")" = 0 ]
verdict "the campaign goes on" [ "$(state "leadership/acknowledgement-campaigns/$late")" = running ]
round
verdict "nobody is reminded again in the next round" [ "$(reminders "$late")" = 2 ]
who=$(call "$api/support/qualifications/$over/history" | jq -r ".items[0].actor.id")
verdict "the service itself is noted" [ "$who" = 00000000-0000-0000-0000-000000000000 ]
act "leadership/acknowledgement-campaigns/$late" cancel '{"reason": "The test is over"}'
act "leadership/acknowledgement-campaigns/$fresh" cancel '{"reason": "The test is over"}'
act "leadership/appointments/$running" end '{"reason": "The test is over"}'
exit $code
