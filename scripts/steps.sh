# Sourced by the other scripts: one named step at a time, with its progress and its failure.
#
# step NAME ADVICE COMMAND… runs COMMAND with its output in var/log/setup/NAME.log. After two
# seconds it shows that it still works; when it fails it shows that log, says what to do (ADVICE)
# and ends the script. What was done stays done: the next run goes on from there.
# look NAME ADVICE COMMAND… does the same but goes on after a failure; `looked` then ends the
# script if anything failed, so that one run shows everything there is to mend.

log_dir=${HOTLINE_VAR:-var}/log/setup
ticker=

_tick() { # NAME LOG: a line that grows on a terminal, a line now and then elsewhere
    local began=$SECONDS last
    # sleep outlives the ticker by a moment: it must not hold the output open.
    sleep 2 > /dev/null 2>&1
    while :; do
        if [ -t 1 ]; then
            last=$(tail -n 1 "$2" 2>/dev/null | tr -d '\000-\037' | cut -c1-60)
            printf '\r\033[K  … %s  %d s  %s' "$1" $((SECONDS - began)) "$last"
            sleep 1 > /dev/null 2>&1
        else
            printf '  … %s  %d s\n' "$1" $((SECONDS - began))
            sleep 10 > /dev/null 2>&1
        fi
    done
}

_stop_ticker() {
    if [ -n "$ticker" ]; then
        kill "$ticker" 2>/dev/null || true
        wait "$ticker" 2>/dev/null || true
        ticker=
        if [ -t 1 ]; then printf '\r\033[K'; fi
    fi
}
trap _stop_ticker EXIT
interrupted=
trap 'interrupted=yes' INT

failed=()

looked() {
    if [ ${#failed[@]} -gt 0 ]; then
        printf '\n  %d failed: %s\n' ${#failed[@]} "${failed[*]}" >&2
        exit 1
    fi
}

look() {
    if ! _run "$@"; then failed+=("$1"); fi
}

step() {
    if ! _run "$@"; then
        printf '    Then say it again: it goes on from here.\n' >&2
        exit 1
    fi
}

_run() {
    local name=$1 advice=$2 log began=$SECONDS code=0
    shift 2
    mkdir -p "$log_dir"
    log=$log_dir/${name// /-}.log
    : > "$log"
    # The ticker is the one in the background: Ctrl-C must reach the command itself.
    _tick "$name" "$log" &
    ticker=$!
    "$@" > "$log" 2>&1 < /dev/null || code=$?
    _stop_ticker
    if [ "$code" -eq 0 ]; then
        printf '  ✓ %s  %d s\n' "$name" $((SECONDS - began))
        return 0
    fi
    if [ -n "$interrupted" ]; then
        printf '  ✗ %s was interrupted. Say it again: it goes on from here.\n' "$name" >&2
        exit 130
    fi
    printf '  ✗ %s failed (code %d). From %s:\n\n' "$name" "$code" "$log" >&2
    # The cause stands at the beginning of some tools' words and at the end of others'.
    awk '{ line[NR] = $0 } END { for (i = 1; i <= NR; i++)
        if (i <= 15 || i > NR - 25) print "      " line[i]; else if (i == 16) print "      …" }' \
        "$log" >&2
    printf '\n    What to do: %s\n' "$advice" >&2
    return 1
}
