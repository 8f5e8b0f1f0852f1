#!/bin/sh
# Speed and memory of patient data discovery against ripgrep with six naive patterns (benches/phi.patterns), on the same 1 GB
# of plain text in the same run: 64 files, then one single file. Needs Debian's packages ripgrep and time.
#
#     benches/phi.sh [MEGABYTES]
set -eu
cd "$(dirname "$0")/.."
size=${1:-1000}
cargo build --quiet --release --package enamel-phi --example phi_bench
bench=${CARGO_TARGET_DIR:-target}/release/examples/phi_bench
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$bench" make "$work/many" "$size" 64
"$bench" make "$work/one" "$size" 1
seconds() { awk -F': ' '/Elapsed/ {n = split($NF, t, ":"); s = 0; for (i = 1; i <= n; i++) s = s * 60 + t[i]; print s}' "$1"; }
peak() { awk -F': ' '/Maximum resident/ {printf "%.0f", $2 / 1024}' "$1"; }
for kind in many one; do
    cat "$work/$kind"/* > /dev/null
    /usr/bin/time -v -o "$work/rg.time" rg --threads 2 --text --count-matches -f benches/phi.patterns "$work/$kind" > /dev/null
    /usr/bin/time -v -o "$work/enamel.time" "$bench" scan "$work/$kind"
    awk -v kind="$kind" -v mb="$size" -v rg="$(seconds "$work/rg.time")" -v us="$(seconds "$work/enamel.time")" -v peak="$(peak "$work/enamel.time")" \
        'BEGIN {printf "%s: ripgrep %.0f MB/s, enamel %.0f MB/s, ratio %.1f, peak memory %d MB\n", kind, mb / rg, mb / us, rg / us, peak}'
done
