"""
A file larger than memory
=========================

``partial_fit`` takes the data in chunks and gives what one pass over all of it would
give. Here a process is allowed 512 MB, and learns from a file of 600 MB. (Limits of
this kind exist on Linux and macOS; the learning itself runs anywhere.)
"""

# %%
# A file of a million and a half rows, written in pieces: 100 features and the label.
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

MEGABYTE = 1 << 20
LIMIT = 512 * MEGABYTE
N_FEATURES, CHUNK = 100, 50_000

folder = tempfile.TemporaryDirectory()
path = Path(folder.name) / "rows.f32"
rng = np.random.default_rng(0)
truth = rng.standard_normal(N_FEATURES)
with open(path, "wb") as file:
    while file.tell() < 600 * MEGABYTE:
        rows = rng.random((CHUNK, N_FEATURES + 1), dtype=np.float32) - 0.5
        rows[:, -1] = rows[:, :-1] @ truth + rows[:, -1] > 0
        rows.tofile(file)
print(f"{path.stat().st_size / MEGABYTE:.0f} MB on disk")

# %%
# The process that learns. It limits itself before it does anything else, shows that the
# file does not fit, and then reads it chunk by chunk.
WORKER = """
import json, resource, sys

path, limit, n_features, chunk = sys.argv[1], *map(int, sys.argv[2:])
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))

import numpy as np
from sklreg.linear_model import SGDClassifier

try:
    np.fromfile(path, dtype=np.float32)
except MemoryError:
    print("does not fit in memory", file=sys.stderr)

model = SGDClassifier(loss="log_loss", alpha=1e-6, average=True, shuffle=False)
weights = []
with open(path, "rb") as file:
    while True:
        rows = np.fromfile(file, dtype=np.float32, count=chunk * (n_features + 1))
        if not rows.size:
            break
        rows = rows.reshape(-1, n_features + 1)
        X, y = rows[:, :-1], rows[:, -1].astype(int)
        model.partial_fit(X, y, classes=[0, 1])
        weights.append(model.coef_.ravel().tolist())
print(json.dumps(weights))
"""
run = subprocess.run(
    [sys.executable, "-c", WORKER, *map(str, (path, LIMIT, N_FEATURES, CHUNK))],
    capture_output=True,
    text=True,
    check=True,
    env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
)
print(run.stderr.strip())

# %%
# Every chunk turns the weights further towards the truth.
weights = np.array(json.loads(run.stdout))
cosines = weights @ truth / np.linalg.norm(weights, axis=1) / np.linalg.norm(truth)
degrees = np.degrees(np.arccos(np.minimum(cosines, 1)))
print(f"{degrees[0]:.2f} degrees off after a chunk, {degrees[-1]:.2f} after all")
folder.cleanup()

fig, axes = plt.subplots(figsize=(7, 4), layout="constrained")
axes.plot(np.arange(1, len(degrees) + 1) * CHUNK / 1e6, degrees, "o-")
axes.set(
    xlabel="million rows learnt from", ylabel="degrees off the truth", ylim=(0, None)
)
plt.show()
