#!/usr/bin/env bash
# Every kind of gap of operation and leadership, made and mended.
exec python3 "$(dirname "$0")/isms_gaps.py"
