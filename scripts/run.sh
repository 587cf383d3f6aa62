#!/usr/bin/env bash
# `make run`: prepare, then become the hotline itself (signals go straight to it).
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/prepare.sh run
exec .venv/bin/python -m hotline run
