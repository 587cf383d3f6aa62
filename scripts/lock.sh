#!/usr/bin/env bash
# Locks requirements/*.in to exact versions with hashes, for every platform at once.
# The tool comes from an environment of its own; no package index is named in the result.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/steps.sh

tool=var/lock-tool
if ! [ -x "$tool/bin/uv" ]; then
    step "lock tool" "see to the network" bash -c "
        python3 -m venv '$tool' && '$tool/bin/pip' install --quiet --disable-pip-version-check uv"
fi

lock() { # NAME
    local body
    body=$("$tool/bin/uv" pip compile --quiet --universal --python-version 3.11 --upgrade \
        --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
        "requirements/$1.in") || return 1
    {
        echo "# Locked by \`make lock\` from $1.in; every package is checked against its hash."
        echo "$body"
    } > "requirements/$1.txt"
    if grep -nE '^ *(--index-url|--extra-index-url|--find-links|-i |-f )' "requirements/$1.txt"; then
        echo "an index got into requirements/$1.txt"
        return 1
    fi
}
for name in run dev node; do
    step "locking $name" "read the message above: two wishes in requirements/*.in clash" lock "$name"
done
