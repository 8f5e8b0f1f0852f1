#!/bin/sh
# Speed and memory of patient data discovery against ripgrep with six naive patterns (benches/phi.patterns), on the same plain text in
# the same run: three kinds of text, each as 64 files and as one single file (which ripgrep searches with one thread). Medians of
# three. Needs Debian's packages ripgrep and time.
#
#     benches/phi.sh [MEGABYTES [KINDS]]      KINDS: of ascii, accented, dense; ripgrep takes minutes for 1 GB that is accented
set -eu
cd "$(dirname "$0")/.."
size=${1:-1000}
kinds=${2:-ascii accented dense}
cargo build --quiet --release --package enamel-phi --example phi_bench
bench=${CARGO_TARGET_DIR:-target}/release/examples/phi_bench
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Wall time, CPU time and peak memory in kilobytes of a command, the medians of three runs.
measure() {
    for _ in 1 2 3; do
        /usr/bin/time -f '%e %U %M' -o "$work/time" "$@" > "$work/out"
        cat "$work/time"
    done > "$work/times"
    for column in 1 2 3; do
        awk -v column=$column '{print $column}' "$work/times" | sort -n | sed -n 2p
    done | tr '\n' ' '
}
for kind in $kinds; do
    for files in 64 1; do
        "$bench" make "$kind" "$work/text" "$size" "$files"
        cat "$work/text"/* > /dev/null
        rg=$(measure rg --threads 2 --text --count-matches -f benches/phi.patterns "$work/text")
        enamel=$(measure "$bench" scan "$work/text")
        rm -r "$work/text"
        echo "$kind $files $size $rg $enamel" | awk '{
            printf "%s text, %d file(s): ripgrep %.0f MB/s (CPU %.1f ns a byte), enamel %.0f MB/s (%.1f), %.2f times as fast, peak memory %d MB\n",
                $1, $2, $3 / $4, $5 * 1000 / $3, $3 / $7, $8 * 1000 / $3, $4 / $7, $9 / 1024}'
    done
done
