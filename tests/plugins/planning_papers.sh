#!/usr/bin/env bash
# The Statement, the register of risks and the treatment plan on paper: as PDF and as XLSX, looked into.
exec python3 "$(dirname "$0")/planning_papers.py"
