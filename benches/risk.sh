#!/bin/sh
# Risk engine beside pyfair 0.1a13 on one Open FAIR tree (7 inputs, 1,000,000 trials), in the same run.
# Usage: benches/risk.sh [PYTHON]   PYTHON has pyfair: python3 -m venv V && V/bin/pip install pyfair==0.1a13
# Best of three each. Fails if the results differ by more than 1 % or if we are less than 50 times as fast.
set -eu
cd "$(dirname "$0")/.."
python=${1:-python3}
cargo build --quiet --release -p enamel-risk --example fair_tree
target=$(cargo metadata --format-version 1 --no-deps | "$python" -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')
results=$(mktemp)
trap 'rm -f "$results"' EXIT
for round in 1 2 3; do
    "$target/release/examples/fair_tree" 2 | sed 's/^/enamel /' >>"$results"
    "$python" benches/pyfair_tree.py | sed 's/^/pyfair /' >>"$results"
done
cat "$results"
"$python" - "$results" <<'PY'
import json, sys
runs = {"enamel": [], "pyfair": []}
for line in open(sys.argv[1]):
    name, text = line.split(" ", 1)
    runs[name].append(json.loads(text))
best = {name: min(run["seconds"] for run in some) for name, some in runs.items()}
for figure in ("mean", "p95"):
    ours, theirs = runs["enamel"][0][figure], sum(run[figure] for run in runs["pyfair"]) / 3
    print(f"{figure}: enamel {ours:,.0f}, pyfair {theirs:,.0f}, apart {abs(ours / theirs - 1):.3%}")
    assert abs(ours / theirs - 1) < 0.01, "not the same work"
ratio = best["pyfair"] / best["enamel"]
print(f"enamel {best['enamel'] * 1000:.1f} ms, pyfair {best['pyfair'] * 1000:.0f} ms: {ratio:.0f} times as fast")
assert ratio >= 50, "below the bar of 50"
PY
