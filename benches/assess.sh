#!/bin/sh
# The binary as its user meets it: start-up, `scan host`, and `assess` on this computer with a folder of 1 GB. Medians by hyperfine.
# Needs Debian's packages hyperfine and time.
#
#     benches/assess.sh [MEGABYTES]
set -eu
cd "$(dirname "$0")/.."
size=${1:-1000}
cargo build --quiet --release
cargo build --quiet --release --package enamel-phi --example phi_bench
enamel=${CARGO_TARGET_DIR:-target}/release/enamel
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${CARGO_TARGET_DIR:-target}/release/examples/phi_bench" make accented "$work/practice" "$size" 64
hyperfine --shell=none --warmup 3 --runs 20 "$enamel --version"
hyperfine --shell=none --warmup 1 --runs 10 "$enamel scan host --quiet --data $work/data"
# Without the cache: every file is read, as on the first day.
hyperfine --shell=none --runs 3 "$enamel assess --quiet --no-cache --data $work/data --out $work/out $work/practice"
/usr/bin/time -v "$enamel" assess --quiet --no-cache --data "$work/data" --out "$work/out" "$work/practice" 2>&1 >/dev/null |
    grep -E 'Elapsed|Maximum resident'
