#!/usr/bin/env bash
# What leadership, support and operation print; workbooks are looked into, which Python can do and a shell cannot.
exec python3 "$(dirname "$0")/isms_reports.py"
