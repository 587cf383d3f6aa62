#!/usr/bin/env bash
# `make bench`: the measured comparison (a quarter of an hour on two quiet cores).
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/prepare.sh run
.venv/bin/python -m hotline asterisk get
exec .venv/bin/python -m bench "$@"
