#!/usr/bin/env bash
# All that a goal (run, test) needs before Python of our own can start.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/steps.sh

goal=${1:-run}
network="see to the network (the Python package index must be reachable)"

bash scripts/packages.sh "$goal"
if [ "$goal" = test ] || [ -e .venv/.installed-dev ]; then
    set_name=dev # a developer's environment is kept whole
else
    set_name=run
fi
if ! bash scripts/make_venv.sh --ready "$set_name"; then
    step "Python packages" "$network" bash scripts/make_venv.sh "$set_name"
fi
bash scripts/web.sh build
