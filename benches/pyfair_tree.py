"""The same Open FAIR tree in pyfair, for benches/risk.sh: one JSON line with seconds, mean and p95.

Needs a Python with pyfair 0.1a13. Importing is not timed; building the model, sampling and summarising are.
"""

import json
import time

import pyfair

TRIALS = 1_000_000
INPUTS = [
    ("Contact Frequency", 0.1, 0.5, 2.0),
    ("Probability of Action", 0.05, 0.2, 0.6),
    ("Threat Capability", 0.2, 0.5, 0.9),
    ("Control Strength", 0.3, 0.6, 0.95),
    ("Primary Loss", 20_000, 85_000, 1_200_000),
    ("Secondary Loss Event Frequency", 0.02, 0.2, 0.7),
    ("Secondary Loss Event Magnitude", 5_000, 40_000, 350_000),
]

start = time.perf_counter()
model = pyfair.FairModel(name="tree", n_simulations=TRIALS)
for name, low, likely, high in INPUTS:
    model.input_data(name, low=low, mode=likely, high=high)
model.calculate_all()
risk = model.export_results()["Risk"]
mean, p50, p90, p95 = risk.mean(), *risk.quantile([0.5, 0.9, 0.95])
seconds = time.perf_counter() - start
print(json.dumps({"seconds": round(seconds, 6), "mean": float(mean), "p95": float(p95)}))
