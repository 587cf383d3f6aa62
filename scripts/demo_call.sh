#!/usr/bin/env bash
# `make demo-call`: a citizen calls whatever `make run` has started here.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! bash scripts/make_venv.sh --ready run; then
    echo "Nothing is set up here yet. Start the hotline first, in another terminal: make run" >&2
    exit 1
fi
# ANSWER=1: nobody sits at a console; the command answers its own call.
exec .venv/bin/python -m hotline demo-call ${ANSWER:+--answer} "$@"
