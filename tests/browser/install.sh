#!/usr/bin/env bash
# Put what the browser tests need besides Chromium into .data/, anew only if it changed.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
there="$here/../../.data/browser"
mkdir -p "$there"
cd "$there"

if ! cmp -s "$here/package-lock.json" npm.done; then
    cp "$here/package.json" "$here/package-lock.json" .
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    cp package-lock.json npm.done
fi
