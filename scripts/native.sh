#!/bin/sh
# Builds the native programs into dist/native/, from sources below native/. Quick when they are newer than their sources.
set -eu
cd "$(dirname "$(readlink -f "$0")")/.."
sources=native/write-capture
built=dist/native/secondwind-write-capture
if [ -e "$built" ] && [ -z "$(find "$sources" scripts/native.sh -newer "$built")" ]; then exit 0; fi

mkdir -p dist/native
work=$(mktemp -d dist/native/work.XXXXXX)
trap 'rm -rf "$work"' EXIT
clang -O2 -g -Wall -Wextra -Wno-unused-parameter -Werror -target bpf -mcpu=v3 \
  -idirafter "/usr/include/$(uname -m)-linux-gnu" -c "$sources/capture.bpf.c" -o "$work/compiled.o"
bpftool gen object "$work/capture.bpf.o" "$work/compiled.o"
bpftool gen skeleton "$work/capture.bpf.o" name capture_bpf >"$work/capture.skel.h"
program=$(find "$sources" -name '*.c' ! -name '*.bpf.c')
# Static, so that it runs on any Linux of this processor, whatever libraries that has.
gcc -std=gnu17 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -static -I"$work" -o "$work/program" $program -lbpf -lelf -lz
strip "$work/program"
mv "$work/program" "$built"
