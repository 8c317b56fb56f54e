#!/usr/bin/env bash
# What support, leadership and operation do by themselves: what has run out expires, what is over ends, who has not read is reminded,
# what is overdue is noted once with who answers for it, and nothing else. The running `ballium work` does it; here it is only told that the hour has come.
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
me=$(call "$BALLIUM_URL/api/v1/me" | jq -r .user.id)
change() { # change PATH BODY
    local tag
    tag=$(call "$api/$1" | jq -r .version)
    call "$api/$1" -X PATCH -H "If-Match: \"$tag\"" -H 'Content-Type: application/merge-patch+json' -d "$2" >>"$work/log"
}

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

# One record of each kind whose day was yesterday, and beside it what is in time: due today, over, or without a day.
asset() { make operation/assets "{\"name\": \"Asset $1 $unique\", \"kind\": \"equipment\", \"confidentiality\": 1, \"integrity\": 1, \"availability\": 1, \"owner_id\": \"$me\"$2}"; }
supplier() { make operation/suppliers "{\"name\": \"Supplier $1 $unique\", \"service\": \"Runs\", \"criticality\": \"low\", \"owner_id\": \"$me\"$2}"; }
duty() { make operation/obligations "{\"title\": \"Duty $1 $unique\", \"kind\": \"legal\", \"source\": \"An act\", \"owner_id\": \"$me\"$2}"; }
declare -A due
due[review]=$(asset looked-at ", \"review_on\": \"$(day -1)\"")
due[support]=$(asset unsupported ", \"supported_until\": \"$(day -1)\"")
lent=$(asset lent "")
due[handed_out]=$(make operation/asset-returns "{\"asset_id\": \"$lent\", \"holder\": \"J. Roth\", \"issued_on\": \"$(day -9)\", \"due_on\": \"$(day -1)\"}")
due[agreement]=$(supplier agreed ", \"agreement_until\": \"$(day -1)\"")
due[certificate]=$(supplier certified ", \"certificate_until\": \"$(day -1)\"")
due[assessment]=$(supplier assessed "")
due[obligation]=$(duty ended ", \"valid_until\": \"$(day -1)\"")
incident=$(make operation/incidents "{\"title\": \"Incident $unique\", \"category\": \"disclosure\", \"severity\": \"low\", \"personal_data\": true, \"aware_at\": \"$(day -4)T12:00:00Z\"}")
due[notification]=$(call "$api/operation/notifications?incident_id=$incident" | jq -r '.items[0].id')
change "operation/incidents/$incident" "{\"owner_id\": \"$me\"}" # the notification itself has no owner
plan=$(make operation/continuity-plans "{\"title\": \"Plan $unique\", \"rto_minutes\": 60, \"rpo_minutes\": 60}")
due[exercise]=$(make operation/exercises "{\"plan_id\": \"$plan\", \"title\": \"Exercise $unique\", \"planned_on\": \"$(day -1)\", \"owner_id\": \"$me\"}")
due[change]=$(make operation/changes "{\"title\": \"Change $unique\", \"description\": \"What\", \"planned_on\": \"$(day 0)\", \"owner_id\": \"$me\"}")
due[plan]=$(make operation/operational-plans "{\"title\": \"Rounds $unique\", \"owner_id\": \"$me\", \"rhythm_days\": 30, \"starts_on\": \"$(day -1)\"}")
# Approvals are somebody else's, and a change is not planned for a day that is over: these are put where yesterday would have left them.
ask "UPDATE operation.supplier SET status = 'approved', next_assessment_on = CASE WHEN id = '${due[assessment]}' THEN current_date - 1 END
         WHERE id IN ('${due[agreement]}', '${due[certificate]}', '${due[assessment]}');
     UPDATE operation.change SET status = 'approved', planned_on = current_date - 1 WHERE id = '${due[change]}';
     UPDATE operation.operational_plan SET status = 'active', next_record_on = current_date - 1 WHERE id = '${due[plan]}'"
today=$(asset today ", \"review_on\": \"$(day 0)\"")
candidate=$(supplier candidate ", \"agreement_until\": \"$(day -1)\"")
excluded=$(duty excluded ", \"review_on\": \"$(day -1)\"")
act "operation/obligations/$excluded" exclude '{"reason": "Not for us"}'

kinds="'support.expire_qualifications', 'leadership.end_appointments', 'leadership.remind_readers', 'operation.note_overdue'"
rounds() { ask "SELECT count(*) FROM core.job WHERE kind IN ($kinds) AND state = 'done'"; }
round() { # tells the worker that the hour has come, and waits for its four rounds
    local before
    before=$(rounds)
    ask "UPDATE core.job SET run_at = now() WHERE kind IN ($kinds) AND state = 'queued'"
    timeout 60 bash -c "until [ \"\$(psql '$BALLIUM_TEST_SUPERUSER' -XAtqc \"SELECT count(*) >= $before + 4 FROM core.job WHERE kind IN ($kinds) AND state = 'done'\")\" = t ]; do :; done"
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
notices() { call "$api/operation/overdue-notices?subject_key=$1${2:-}"; }
noted() { # noted KIND: one, about that day, with who answers for it
    [ "$(notices "${due[$1]}" | jq -r '.items | map([.what, .passed_on, .status, .owner_id] | join(" ")) | join(",")')" = "$1 $(day -1) open $me" ]
}
for kind in "${!due[@]}"; do
    verdict "what is overdue is noted once: $kind" noted "$kind"
done
for spared in "$today" "$candidate" "$excluded" "$lent"; do
    verdict "what is in time or over is not" [ "$(notices "$spared" | jq '.items | length')" = 0 ]
done
verdict "who leads the incident is reminded of a clock that nobody owns" [ "$(notices "${due[notification]}" | jq -r '.items[0].remind_on')" = "$(day -1)" ]
verdict "who owns the asset is, of what is out with a stranger" [ "$(notices "${due[handed_out]}" | jq -r '.items[0].remind_on')" = "$(day -1)" ]
verdict "and nobody twice: the record's own date does it" [ "$(notices "${due[agreement]}" | jq -r '.items[0].remind_on')" = null ]
verdict "it is on the owner's calendar as overdue" [ "$(call "$api/my-work" | jq --arg ref "$(notices "${due[notification]}" | jq -r '.items[0].ref')" '[.items[] | select(.ref == $ref)] | length')" = 1 ]
verdict "by hand nothing is noted" [ "$(call "$api/operation/overdue-notices" -H 'Content-Type: application/json' -d "$(notices "${due[plan]}" | jq -c '.items[0] | {title, what, passed_on, subject, subject_key, subject_ref}')" | jq -r .type)" = urn:ballium:problem:by_itself ]
note=$(notices "${due[agreement]}" | jq -r '.items[0].id')
act "operation/overdue-notices/$note" settle
verdict "nor settled" [ "$(state "operation/overdue-notices/$note")" = open ]

# Seen to: one moved, one done, one given to somebody else, one put away.
other_member=$(call "$api/members" | jq -r --arg me "$me" 'first(.items[] | select(.id != $me and .status == "active") | .id)')
change "operation/suppliers/${due[agreement]}" "{\"agreement_until\": \"$(day 365)\"}"
act "operation/asset-returns/${due[handed_out]}" hand_back "{\"returned_on\": \"$(day 0)\", \"condition\": \"Whole\"}"
change "operation/obligations/${due[obligation]}" "{\"owner_id\": \"$other_member\"}"
act "operation/assets/${due[support]}" archive
act "operation/notifications/${due[notification]}" send "{\"sent_at\": \"$(date -u +%FT%TZ)\", \"how\": \"By telephone\", \"delay_reason\": \"Nobody knew\"}"
round
for kind in agreement handed_out support notification; do
    verdict "what was seen to is settled: $kind" [ "$(notices "${due[$kind]}" | jq -r '.items | map(.status + " " + .settled_on) | join(",")')" = "settled $(day 0)" ]
done
verdict "another owner is told anew" [ "$(notices "${due[obligation]}" "&status=open" | jq -r '.items | map(.owner_id) | join(",")')" = "$other_member" ]
verdict "the rest stays noted once" noted review
verdict "the signal counts what is open" [ "$(call "$api/signals" | jq '.items[] | select(.area == "operation" and .name == "overdue") | .value')" = "$(ask "SELECT count(*) FROM operation.overdue_notice n JOIN core.organisation o ON o.id = n.tenant_id WHERE o.slug = 'ditch' AND n.status = 'open' AND n.archived_at IS NULL")" ]
verdict "the incident's timeline tells that the clock ran out" [ "$(call "$api/operation/incidents/$incident/timeline" | jq '[.items[] | select(.kind == "overdue")] | length')" = 1 ]

act "leadership/acknowledgement-campaigns/$late" cancel '{"reason": "The test is over"}'
act "leadership/acknowledgement-campaigns/$fresh" cancel '{"reason": "The test is over"}'
act "leadership/appointments/$running" end '{"reason": "The test is over"}'
exit $code
