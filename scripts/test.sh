#!/bin/sh
# Runs tests with the pinned Node: sh scripts/test.sh FILE-OR-GLOB…
# Two files at a time; a single test that hangs for 4 minutes fails instead of holding everything.
set -eu
cd "$(dirname "$(readlink -f "$0")")/.."
# Stripping types and compiling is most of what a small test costs. Coverage is told less exactly from what was kept.
[ -n "${NODE_V8_COVERAGE:-}" ] || export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$PWD/node_modules/.cache/compile}"
exec scripts/node --test --test-concurrency=2 --test-timeout=240000 "$@"
