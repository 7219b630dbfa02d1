import subprocess
import sys

import numpy as np
import pytest

# The limit counts what the process allocates, and not the pages of a mapped file.
SCRIPT = """
import resource, sys
import numpy as np
import torch
import skvae

# The limit counts a stack for each thread too.
torch.set_num_threads(1)
path, name = sys.argv[1:]
fewer_draws = {"samples": 1} if name == "VAEGMMDetector" else {}
X = np.load(path, mmap_mode="r")
detector = getattr(skvae, name)(
    architecture=skvae.MLP(hidden_layer_sizes=8), latent_dim=2, max_epochs=1, batch_size=1024,
    random_state=0, **fewer_draws,
).fit(X[:1000])
with open("/proc/self/status") as lines:
    kilobytes = next(int(line.split()[1]) for line in lines if line.startswith("VmData"))
limit = 1024 * kilobytes + X.nbytes * 3 // 4
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
try:
    np.ones(X.shape, dtype=X.dtype)
except MemoryError:
    print("limited")
print(len(detector.fit(X).score_samples(X)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits the memory as Linux does")
def test_a_file_larger_than_the_memory_is_fit_and_scored(detector_class, tmp_path, rng):
    path = tmp_path / "rows.npy"
    X = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(100_000, 256))
    X[:] = rng.standard_normal(256)
    X[:, 0] = np.linspace(-1, 1, len(X))
    X.flush()
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, path, detector_class.__name__],
        capture_output=True,
        text=True,
    )
    assert result.stdout.split() == ["limited", "100000"], result.stderr
