#!/usr/bin/env bash
# Makes or refreshes .venv from the locked requirements: `make_venv.sh run|dev`.
# Does nothing when the lock has not changed since; each package is checked against its hash.
set -euo pipefail
cd "$(dirname "$0")/.."
set_name=${1:-run}
python=${HOTLINE_PYTHON:-python3}
lock=requirements/$set_name.txt
stamp=.venv/.installed-$set_name
wanted=$(sha256sum "$lock" | cut -d' ' -f1)

if [ -x .venv/bin/python ] && [ "$(cat "$stamp" 2>/dev/null || true)" = "$wanted" ]; then
    exit 0
fi
if ! [ -x .venv/bin/pip ]; then
    echo "  making .venv"
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
