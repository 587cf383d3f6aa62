#!/usr/bin/env bash
# Removes what can be made again. What people made (database, recordings, keys) stays.
set -euo pipefail
cd "$(dirname "$0")/.."
rm -rf .venv agent_console/web/node_modules agent_console/web/dist \
    var/cache var/log/setup var/lock-tool var/web.lock .ruff_cache .import_linter_cache .hypothesis
find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +
echo "Cleaned. Calls, tickets and recordings in var/ are untouched."
