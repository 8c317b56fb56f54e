#!/usr/bin/env bash
# Names and entries that a register holds once.
exec python3 "$(dirname "$0")/isms_names.py"
