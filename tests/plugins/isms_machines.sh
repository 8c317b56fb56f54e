#!/usr/bin/env bash
# Every state machine of leadership, support and operation: each verb from each state.
exec python3 "$(dirname "$0")/isms_machines.py"
