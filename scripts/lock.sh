#!/bin/sh
# Writes both lock files anew from pyproject.toml; needs uv.
set -eu
cd "$(dirname "$0")/.."
lock="uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet"
$lock pyproject.toml -o requirements.lock
$lock --extra dev pyproject.toml -o requirements-dev.lock
