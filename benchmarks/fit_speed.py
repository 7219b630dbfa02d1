"""The time of a fit, against a loop written by hand and against PyOD.

All train networks of the same sizes on the same rows, with the same batches and epochs::

    python benchmarks/fit_speed.py
    python benchmarks/fit_speed.py --threads 2 --rounds 5

The first network is that of a tutorial on KDD Cup 1999; with it a step is all overhead.
The second has the sizes of the defaults. The third, in large batches, has enough work
for two threads. PyOD is measured if it is installed; it has no SiLU, and so takes ReLU.
"""

import argparse

import bare
import numpy as np
import timing
import torch

from skvae import MLP, VAEOutlierDetector

try:
    from pyod.models.vae import VAE as PyODVAE
except ImportError:
    PyODVAE = None

# Hidden layers, size of the code, batch size, epochs.
NETWORKS = {
    "18-20-15-7-2, batches of 64": ((20, 15, 7), 2, 64, 4),
    "18-128-128-18, batches of 64": ((128, 128), 18, 64, 4),
    "18-512-512-18, batches of 2,048": ((512, 512), 18, 2048, 1),
}


def fits(X, hidden, latent_dim, batch_size, n_epochs):
    def skvae():
        VAEOutlierDetector(
            architecture=MLP(hidden_layer_sizes=hidden),
            latent_dim=latent_dim,
            likelihood="gaussian",
            sigma=1.0,
            beta=1.0,
            max_epochs=n_epochs,
            batch_size=batch_size,
            lr=1e-3,
            random_state=0,
        ).fit(X)

    def by_hand():
        torch.manual_seed(0)
        model = bare.BareVAE(X.shape[1], hidden, latent_dim)
        bare.score(bare.train(model, X, n_epochs, batch_size), X, 4096)

    def pyod():
        PyODVAE(
            encoder_neuron_list=list(hidden),
            decoder_neuron_list=list(hidden[::-1]),
            latent_dim=latent_dim,
            hidden_activation_name="relu",
            dropout_rate=0.0,
            epoch_num=n_epochs,
            batch_size=batch_size,
            device="cpu",
            verbose=0,
        ).fit(X)

    functions = {"skvae": skvae, "by hand": by_hand}
    if PyODVAE is not None:
        functions["PyOD"] = pyod
    return functions


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(timing.machine())
    X = np.random.RandomState(0).standard_normal((args.rows, 18)).astype(np.float32)
    for name, (hidden, latent_dim, batch_size, n_epochs) in NETWORKS.items():
        times = timing.in_turn(fits(X, hidden, latent_dim, batch_size, n_epochs), args.rounds)
        n_steps = n_epochs * -(-args.rows // batch_size)
        print(f"\n{name}, {args.rows:,} rows, {n_epochs} epochs, scores of the rows included")
        for fit, durations in times.items():
            print(f"  {fit:10s} {min(durations) / n_steps * 1e3:6.2f} ms a step")
        print(f"  skvae / by hand {timing.ratio(times, 'skvae', 'by hand')}")
        if "PyOD" in times:
            print(f"  PyOD / skvae    {timing.ratio(times, 'PyOD', 'skvae')}")


if __name__ == "__main__":
    main()
