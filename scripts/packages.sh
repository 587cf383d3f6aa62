#!/usr/bin/env bash
# Sees to the Debian packages that a goal needs: `packages.sh run|test`.
# As root, or with sudo that asks for no password, it installs what is missing; otherwise it
# says what is missing and the line that installs it.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/steps.sh

goal=${1:-run}
missing=()
need() { # PACKAGE TEST…: the package is missed when the test fails
    local package=$1
    shift
    "$@" > /dev/null 2>&1 || missing+=("$package")
}
on_path() { command -v "$1"; }
has_postgres() { on_path initdb || ls /usr/lib/postgresql/*/bin/initdb; }
has_cjk_font() { fc-list ":lang=zh-cn" | grep -q .; }
has_chromium() { on_path chromium || on_path chromium-browser; }

need python3 on_path python3
need python3-venv python3 -c "import ensurepip, venv"
need espeak-ng on_path espeak-ng
need sip-tester on_path sipp
need ca-certificates test -e /etc/ssl/certs/ca-certificates.crt
if [ "$goal" = test ]; then
    need chromium has_chromium
    need fontconfig on_path fc-list
    need fonts-noto-cjk has_cjk_font
    need postgresql has_postgres
fi

if [ ${#missing[@]} -gt 0 ]; then
    install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends)
    if ! command -v apt-get > /dev/null; then
        echo "  ✗ missing: ${missing[*]} (Debian's names), and this system has no apt-get." >&2
        echo "    What to do: install them by your system's own means, then say it again." >&2
        exit 1
    fi
    if [ "$(id -u)" -eq 0 ]; then
        as_root=()
    elif sudo -n true 2> /dev/null; then
        as_root=(sudo -n)
    else
        echo "  ✗ missing Debian packages: ${missing[*]}" >&2
        echo "    What to do: have an administrator run" >&2
        echo "      sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
        echo "    Then say it again: it goes on from here, and root is not needed any more." >&2
        exit 1
    fi
    echo "  installing Debian packages: ${missing[*]}"
    refresh() { # a third party's broken mirror must not stop us: the installation itself decides
        "${as_root[@]}" apt-get update || echo "apt-get update failed; trying with the lists at hand"
    }
    step "package lists" "see to the network and to /etc/apt" refresh
    if [[ " ${missing[*]} " = *" chromium "* ]] \
        && ! apt-cache policy chromium | grep -q 'Candidate: [0-9]'; then
        echo "  ✗ Chromium is missing, and this system's archive has none (Ubuntu: a snap only)." >&2
        echo "    What to do: sudo snap install chromium" >&2
        echo "    Then say it again: it goes on from here." >&2
        exit 1
    fi
    step "Debian packages" "run: sudo ${install[*]:2} ${missing[*]}" \
        "${as_root[@]}" "${install[@]}" "${missing[@]}"
fi

if ! python3 -c "import sys; sys.exit(sys.version_info < (3, 11))"; then
    echo "  ✗ Python 3.11 or newer is needed; python3 here is $(python3 --version)." >&2
    echo "    What to do: use Debian 12 or newer or Ubuntu 24.04, or name another one:" >&2
    echo "      HOTLINE_PYTHON=/path/to/python3.11 make run" >&2
    exit 1
fi
