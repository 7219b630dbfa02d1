"""The time of a fit, against a loop written by hand and against PyOD.

All train networks of the same sizes on the same rows, with the same batches and epochs::

    python benchmarks/fit_speed.py
    python benchmarks/fit_speed.py --threads 2 --rounds 5 --images

The first network is that of a tutorial on KDD Cup 1999; with it a step is all overhead.
The second has the sizes of the defaults, and the third larger batches. The fourth has enough
work for two threads. PyOD is measured if it is installed; it has no SiLU, and so uses ReLU.
The last two are convolutional, on forty batches of images: the default, and that
of a tutorial on CIFAR-10; with --images these alone are measured.
"""

import bare
import equal_networks
import numpy as np
import timing
import torch

from skvae import Conv2d

# Hidden layers, size of the code, batch size, epochs.
NETWORKS = {
    "18-20-15-7-2, batches of 64": ((20, 15, 7), 2, 64, 4),
    "18-128-128-18, batches of 64": ((128, 128), 18, 64, 4),
    "18-128-128-18, batches of 256": ((128, 128), 18, 256, 4),
    "18-512-512-18, batches of 2,048": ((512, 512), 18, 2048, 1),
}


# The architecture and the size of the code; images of 32 x 32 pixels in three channels.
CONVOLUTIONAL = {
    "Conv2d(), batches of 64": (Conv2d(), 32),
    "CIFAR-10 tutorial, batches of 64": (
        Conv2d(
            filters=(64, 128, 512),
            decoder_filters=(128, 256, 64),
            kernel_size=4,
            activation="relu",
            output_activation="sigmoid",
        ),
        1024,
    ),
}


def image_fits(X, architecture, latent_dim):
    def skvae():
        equal_networks.skvae_on(architecture, latent_dim, max_epochs=1, batch_size=64).fit(X)

    def by_hand():
        torch.manual_seed(0)
        model = bare.BareVAE(
            architecture.build_encoder(X.shape[1:], 2 * latent_dim),
            architecture.build_decoder(latent_dim, X.shape[1:]),
        )
        bare.score(bare.train(model, X, 1, 64), X, 64)

    return {"skvae": skvae, "by hand": by_hand}


def fits(X, hidden, latent_dim, batch_size, n_epochs):
    def skvae():
        equal_networks.skvae(hidden, latent_dim, max_epochs=n_epochs, batch_size=batch_size).fit(X)

    def by_hand():
        torch.manual_seed(0)
        model = bare.BareVAE.of_sizes(X.shape[1], hidden, latent_dim)
        bare.score(bare.train(model, X, n_epochs, batch_size), X, 4096)

    def pyod():
        equal_networks.pyod(hidden, latent_dim, epoch_num=n_epochs, batch_size=batch_size).fit(X)

    functions = {"skvae": skvae, "by hand": by_hand}
    if equal_networks.PyODVAE is not None:
        functions["PyOD"] = pyod
    return functions


def print_times(times, n_steps):
    for fit, durations in times.items():
        print(f"  {fit:10s} {min(durations) / n_steps * 1e3:6.2f} ms a step")
    print(f"  skvae / by hand {timing.ratio(times, 'skvae', 'by hand')}")
    if "PyOD" in times:
        print(f"  PyOD / skvae    {timing.ratio(times, 'PyOD', 'skvae')}")


def main():
    parser = timing.parser(__doc__, threads=1, rows=20_000, rounds=5)
    parser.add_argument("--images", action="store_true", help="only the last two networks")
    args = timing.begin(parser)
    X = np.random.RandomState(0).standard_normal((args.rows, 18)).astype(np.float32)
    networks = {} if args.images else NETWORKS
    for name, (hidden, latent_dim, batch_size, n_epochs) in networks.items():
        times = timing.in_turn(fits(X, hidden, latent_dim, batch_size, n_epochs), args.rounds)
        n_steps = n_epochs * -(-args.rows // batch_size)
        print(f"\n{name}, {args.rows:,} rows, {n_epochs} epochs, scores of the rows included")
        print_times(times, n_steps)
    X = np.random.RandomState(0).uniform(size=(2560, 32, 32, 3)).astype(np.float32)
    for name, (architecture, latent_dim) in CONVOLUTIONAL.items():
        times = timing.in_turn(image_fits(X, architecture, latent_dim), args.rounds)
        print(f"\n{name}, {len(X)} images, 1 epoch, scores of the images included")
        print_times(times, n_steps=40)


if __name__ == "__main__":
    main()
