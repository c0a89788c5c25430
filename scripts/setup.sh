#!/bin/sh
# Makes .venv from the locked requirements; with names of Debian packages as arguments, also sees to those.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n "$@"
  else return 1; fi
}

apt_install() {
  command -v apt-get >/dev/null 2>&1 || return 1
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update >&2 || return 1
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >&2
}

find_python() {
  for name in python3.11 python3.12 python3.13 python3; do
    if command -v "$name" >/dev/null 2>&1 &&
       "$name" -c 'import sys; raise SystemExit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
      command -v "$name"; return 0
    fi
  done
  say "No Python 3.11 to 3.13 was found. Remedy: sudo apt-get install python3 python3-venv"
  return 1
}

make_venv() {
  # Above 3.12 there is no lgpio wheel: Debian's python3-lgpio is seen through the system's packages.
  site=$("$python" -c 'import sys; print("--system-site-packages" if sys.version_info >= (3, 13) else "")')
  rm -rf .venv
  # shellcheck disable=SC2086
  "$python" -m venv $site .venv 2>/dev/null && return 0
  rm -rf .venv
  say "python3-venv is missing; installing it with apt."
  apt_install python3-venv || { say "Remedy: sudo apt-get install python3-venv, then run this again."; return 1; }
  # shellcheck disable=SC2086
  "$python" -m venv $site .venv
}

# Whether what a Debian package brings is here, however it came.
is_there() (
  PATH="$PATH:/usr/sbin:/usr/local/sbin:/sbin"
  case $1 in
    baresip-core) command -v baresip ;;
    sip-tester) command -v sipp ;;
    librtsp-server-perl) perl -MRTSP::Server -e 1 ;;
    lib*[0-9]) ldconfig -p | grep -F "${1%[0-9]}.so.${1##*[!0-9]} " ;;
    *) command -v "$1" ;;
  esac >/dev/null 2>&1
)

python=$(find_python)
wanted=$(cat requirements-dev.lock pyproject.toml scripts/setup.sh | sha256sum | cut -c1-64)
if [ "$(cat .venv/locked 2>/dev/null || true)" != "$wanted" ]; then
  say "Setting up .venv with $python (once; a few minutes on a Pi) ..."
  make_venv
  .venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
    -r requirements-dev.lock
  .venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
  printf '%s' "$wanted" > .venv/locked
fi

missing=""
for package in "$@"; do
  is_there "$package" || missing="$missing $package"
done
if [ -n "$missing" ]; then
  say "The tests need:$missing; installing with apt."
  # shellcheck disable=SC2086
  apt_install $missing || {
    say "The tests talk to real programs of others, and these could not be installed here:$missing"
    say "Remedy: sudo apt-get install --no-install-recommends$missing, then run this again."
    exit 1
  }
fi
