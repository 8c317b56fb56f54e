#!/usr/bin/env bash
# The signals of leadership, support and operation, with figures that are counted by hand.
exec python3 "$(dirname "$0")/isms_signals.py"
