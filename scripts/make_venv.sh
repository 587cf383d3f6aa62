#!/usr/bin/env bash
# Makes or refreshes .venv from the locked requirements: `make_venv.sh run|dev|node`.
# Does nothing when the lock has not changed since; each package is checked against its hash.
# `make_venv.sh --ready SET` only says, by its code, whether there is nothing to do.
set -euo pipefail
cd "$(dirname "$0")/.."

asked=install
if [ "${1:-}" = --ready ]; then
    asked=ready
    shift
fi
set_name=${1:-run}
python=${HOTLINE_PYTHON:-python3}
lock=requirements/$set_name.txt
stamp=.venv/.installed-$set_name
wanted=$(sha256sum "$lock" | cut -d' ' -f1)

# An environment whose interpreter is gone (an upgraded system) still has its files: ask it.
if .venv/bin/python -c "" 2> /dev/null \
    && [ "$(cat "$stamp" 2> /dev/null || true)" = "$wanted" ]; then
    exit 0
fi
if [ "$asked" = ready ]; then
    exit 1
fi
if ! .venv/bin/python -m pip --version > /dev/null 2>&1; then
    echo "  making .venv"
    rm -rf .venv
    "$python" -m venv .venv
fi
echo "  installing $(grep -c '==' "$lock") locked Python packages ($lock)"
.venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check \
    --require-hashes --only-binary :all: -r "$lock"
echo "$wanted" > "$stamp"
# The development set holds the running set at the same versions.
if [ "$set_name" = dev ]; then
    sha256sum requirements/run.txt | cut -d' ' -f1 > .venv/.installed-run
fi
