#!/usr/bin/env bash
# Certificates and plans as they are looked at: rendered pages, their code read as a telephone reads it.
exec python3 "$(dirname "$0")/certification_paper.py"
