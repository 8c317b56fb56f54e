#!/usr/bin/env bash
# The documents of the evaluation area; workbooks are looked into, which Python can do and a shell cannot.
exec python3 "$(dirname "$0")/evaluation_reports.py"
