#!/usr/bin/env bash
# What is mandatory and missing, with its conditions.
exec python3 "$(dirname "$0")/isms_mandatory.py"
