#!/usr/bin/env bash
# What is left of a document that was disposed of.
exec python3 "$(dirname "$0")/isms_disposal.py"
