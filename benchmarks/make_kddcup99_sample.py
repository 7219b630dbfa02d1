"""Make the sample of KDD Cup 1999 that comes with the package.

    python benchmarks/make_kddcup99_sample.py [--data-home DIR]

15,000 normal rows and 1,000 attacks, drawn without replacement with seed 0 and kept in
the order of the 10 % file; counts and rates as integers of hundredths.
"""

import argparse
from pathlib import Path

import numpy as np

from skvae import datasets

N_NORMAL, N_ATTACKS = 15_000, 1_000


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-home")
    args = parser.parse_args()
    data = datasets.fetch_kddcup99(columns="continuous", data_home=args.data_home)
    rng = np.random.RandomState(0)
    index = [
        rng.choice(np.flatnonzero(data.target == label), size, replace=False)
        for label, size in [(1, N_NORMAL), (-1, N_ATTACKS)]
    ]
    index = np.sort(np.concatenate(index))
    hundredths = np.round(data.data[index] * 100).astype(np.uint16)
    np.testing.assert_allclose(hundredths / 100.0, data.data[index], rtol=0, atol=1e-12)
    path = Path(datasets.__file__).parent / "data" / "kddcup99_sample.npz"
    np.savez_compressed(path, hundredths=hundredths, attack=data.attack[index])
    print(f"{path}: {path.stat().st_size} bytes, {len(index)} rows")


if __name__ == "__main__":
    main()
