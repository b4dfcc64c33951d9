#!/usr/bin/env bash
# Put what reads the API's description into .data/, anew only if a version changed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
there="$here/../../../.data/api-clients"
mkdir -p "$there"
cd "$there"

if ! cmp -s "$here/package-lock.json" npm.done; then
    cp "$here/package.json" "$here/package-lock.json" .
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    cp package-lock.json npm.done
fi
if ! cmp -s "$here/requirements.txt" venv.done; then
    rm -rf venv
    python3 -m venv venv
    venv/bin/pip install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$here/requirements.txt" venv.done
fi
