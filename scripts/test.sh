#!/usr/bin/env bash
# `test.sh quick`: everything that needs neither Asterisk nor a browser (make check).
# `test.sh explore`: the tests whose examples are drawn, with many others (make explore).
# `test.sh all`: every check, the short bench, and pytest whole, whose closing line ends it.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/steps.sh

# Python keeps what it compiled, of tests too: workers and processes then start in half the time.
unset PYTHONDONTWRITEBYTECODE

which=${1:-all}
bin=.venv/bin
mend="mend what the message names"

if [ "$which" = explore ]; then
    bash scripts/prepare.sh test
    exec "$bin/python" -m pytest -n 2 --hypothesis-profile=explore
fi

if [ "$which" = all ]; then
    bash scripts/prepare.sh test
elif ! bash scripts/make_venv.sh --ready dev; then
    step "Python packages" "see to the network" bash scripts/make_venv.sh dev
fi

look "ruff" "$mend" "$bin/ruff" check .
look "layout" "say: make format" "$bin/ruff" format --check .
look "mypy" "$mend" "$bin/mypy" .
look "lint-imports" "$mend: imports go downward only" "$bin/lint-imports"
if ! bash scripts/web.sh "$([ "$which" = quick ] && echo quick || echo check)"; then failed+=("front end"); fi
looked

if [ "$which" = quick ]; then
    # Few examples, and asyncio's own watch left to `make test`. Each file
    # whole on one side, so that what its tests share is made once.
    exec "$bin/python" -m pytest -q -n 2 --dist loadfile --hypothesis-profile=quick \
        -o asyncio_debug=false \
        -m "not integration and not browser and not postgres and not slow"
fi

step "Asterisk" "read the message above; see docs/running.md" \
    "$bin/python" -m hotline asterisk get
short_bench() {
    local code=0
    "$bin/python" -m bench --short --out var/bench-short.json || code=$?
    if [ "$code" -eq 3 ]; then # needs a raw socket; says so itself
        touch "$log_dir/bench-left-out"
        code=0
    fi
    return "$code"
}
rm -f "$log_dir/bench-left-out"
step "short bench" "see the calls that failed in the table above" short_bench
if [ -e "$log_dir/bench-left-out" ]; then
    echo "    left out: SIPp's raw socket takes root (or CAP_NET_RAW)"
fi
# Most of it is waiting for real sound: three at a time on two cores, each file whole on one side.
exec "$bin/python" -m pytest -n 3 --dist loadfile
