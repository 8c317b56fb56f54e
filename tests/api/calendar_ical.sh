#!/usr/bin/env bash
# The feed, read by a calendar library of others (Debian's python3-icalendar).
exec /usr/bin/python3 "$(dirname "$0")/calendar_ical.py"
