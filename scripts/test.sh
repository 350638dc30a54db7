#!/bin/sh
# Runs tests with the pinned Node: sh scripts/test.sh FILE-OR-GLOB…
# Two files at a time; a single test that hangs for 4 minutes fails instead of holding everything.
set -eu
cd "$(dirname "$(readlink -f "$0")")/.."
exec scripts/node --test --test-concurrency=2 --test-timeout=240000 "$@"
