#!/bin/sh
# Every gate but the tests; CI runs the same.
set -eu
cd "$(dirname "$0")/.."
bin=.venv/bin

step() { printf '%s\n' "== $1"; shift; "$@"; }

locks_are_plain() {
  ! grep -n '://' requirements.lock requirements-dev.lock || {
    echo "A lock names an address: lock by name, version and hash (scripts/lock.sh)." >&2
    return 1
  }
}

step "locks" locks_are_plain
step "format" $bin/ruff format --check .
step "lint" $bin/ruff check .
step "types (mypy)" $bin/mypy
step "types (pyright)" $bin/pyright
step "imports" $bin/lint-imports
