#!/usr/bin/env bash
# `make demo-call`: a citizen calls whatever `make run` has started here.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! bash scripts/make_venv.sh --ready run; then
    echo "Nothing is set up here yet. Start the hotline first, in another terminal: make run" >&2
    exit 1
fi
exec .venv/bin/python -m hotline demo-call "$@"
