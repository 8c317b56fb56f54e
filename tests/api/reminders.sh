#!/usr/bin/env bash
# Reminders by a service of the test's own; mails are taken apart, which Python can do and a shell cannot.
exec python3 "$(dirname "$0")/reminders.py"
