#!/bin/sh
# Runs the tests beside the code, all in one process: starting one for each file takes longer than what it tests.
set -eu
cd "$(dirname "$(readlink -f "$0")")/.."
exec scripts/node --test --test-isolation=none --test-timeout=240000 'src/**/*.test.ts'
