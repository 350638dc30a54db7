#!/bin/sh
# Runs every test. Those beside the code run while the others do, and say at the end what they found.
set -u
cd "$(dirname "$(readlink -f "$0")")/.."

report=$(mktemp)
trap 'rm -f "$report"' EXIT
sh scripts/test-unit.sh >"$report" 2>&1 &
unit=$!
whole=0
sh scripts/test.sh 'test/**/*.test.ts' || whole=1
wait "$unit" || whole=1
cat "$report"
exit "$whole"
