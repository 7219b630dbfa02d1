"""A GPU against a loop written by hand on it, and against the CPU.

The first table says whether skvae keeps up with a hand-written loop, and what recording
that loop's step in a CUDA graph would gain. The second says from which size of a step on
the GPU pays, which is the rule of ``device="auto"``. The third says whether scores agree::

    python benchmarks/gpu.py
    python benchmarks/gpu.py --device cpu  # tries the script where there is no GPU
"""

from functools import partial
from math import ceil

import bare
import equal_networks
import numpy as np
import timing
import torch

# Features, hidden layers, size of the code, batch size.
NETWORKS = {
    "18-20-15-7-2, batches of 64": (18, (20, 15, 7), 2, 64),
    "18-128-128-18, batches of 64": (18, (128, 128), 18, 64),
    "784-512-512-32, batches of 1,024": (784, (512, 512), 32, 1024),
}
WIDTHS = (32, 64, 128, 256, 512, 1024)


def detector(hidden, latent_dim, batch_size, n_epochs, device):
    return equal_networks.skvae(
        hidden, latent_dim, max_epochs=n_epochs, batch_size=batch_size, device=device
    )


def train_with_a_graph(model, X, n_epochs, batch_size):
    """Record one step of the loop written by hand, and play it for each full batch."""
    rows = torch.from_numpy(X).cuda()
    model.cuda().train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True, capturable=True)
    batch = rows[:batch_size].clone()

    def step():
        optimizer.zero_grad()
        model.loss(batch).backward()
        optimizer.step()

    warm_up = torch.cuda.Stream()
    warm_up.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(warm_up):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(warm_up)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    for _ in range(n_epochs):
        for index in torch.randperm(len(rows), device="cuda").split(batch_size):
            if len(index) == batch_size:
                batch.copy_(rows[index])
                graph.replay()


def loops(n_features, hidden, latent_dim, batch_size, n_rows, device):
    """Return functions that train for a number of epochs, by name."""
    X = np.random.RandomState(0).standard_normal((n_rows, n_features)).astype(np.float32)

    def skvae(n_epochs):
        detector(hidden, latent_dim, batch_size, n_epochs, device).fit(X)

    def by_hand(n_epochs):
        model = bare.BareVAE.of_sizes(n_features, hidden, latent_dim)
        bare.train(model, X, n_epochs, batch_size, device)

    def graph(n_epochs):
        train_with_a_graph(
            bare.BareVAE.of_sizes(n_features, hidden, latent_dim), X, n_epochs, batch_size
        )

    functions = {"skvae": skvae, "by hand": by_hand}
    return functions if device == "cpu" else {**functions, "by hand, graph": graph}


def step_seconds(loop, n_steps_an_epoch, device, n_epochs=10):
    """Time a long run less a short one: what is left does not start or end anything."""

    def run(n_epochs):
        loop(n_epochs)
        if device != "cpu":
            torch.cuda.synchronize()

    short, long = (timing.seconds(partial(run, n)) for n in (1, 1 + n_epochs))
    return (long - short) / (n_epochs * n_steps_an_epoch)


def against_a_loop(device, n_rows, n_rounds):
    print(f"\nTraining on {device}, {n_rows:,} rows")
    for name, (*sizes, batch_size) in NETWORKS.items():
        functions = loops(*sizes, batch_size, n_rows, device)
        times = {loop: [] for loop in functions}
        for function in functions.values():
            function(1)
        for _ in range(n_rounds):
            for loop, function in functions.items():
                times[loop].append(step_seconds(function, ceil(n_rows / batch_size), device))
        print(f"  {name}")
        for loop, durations in times.items():
            print(f"    {loop:16s} {min(durations) * 1e3:7.3f} ms a step")
        print(f"    by hand / skvae {timing.ratio(times, 'by hand', 'skvae')}")


def against_the_cpu(device, n_rounds):
    print(f"\nMilliseconds a step, the CPU and {device}")
    n_features, latent_dim = 50, 32
    for batch_size in (256, 2048):
        for width in WIDTHS:
            sizes = (n_features, (width, width), latent_dim, batch_size, 10 * batch_size)
            on_cpu, on_device = (
                1e3
                * min(
                    step_seconds(loops(*sizes, place)["skvae"], 10, place) for _ in range(n_rounds)
                )
                for place in ("cpu", device)
            )
            n_weights = n_features * width + width**2 + 2 * width * latent_dim
            n_weights += latent_dim * width + width**2 + width * n_features
            size = batch_size * n_weights
            print(
                f"  batch {batch_size:5d}, hidden {width:4d}: {size:8.1e} multiplications   "
                f"{on_cpu:7.2f} {on_device:7.2f}   ratio {on_cpu / on_device:5.2f}"
            )


def agreement(device):
    X = np.random.RandomState(0).standard_normal((5000, 18)).astype(np.float32)
    fitted = detector((128, 128), 18, 256, 20, "cpu").fit(X)
    scores = fitted.score_samples(X)
    fitted.network_.to(device)
    fitted.device_ = device
    difference = np.abs(fitted.score_samples(X) - scores).max() / scores.std()
    alone = np.array([fitted.score_samples(X[[i]])[0] for i in range(50)])
    together = fitted.score_samples(X[:50])
    print(
        f"\nScores on {device} and the CPU differ by at most {difference:.1e} standard deviations; "
        f"alone and together on {device} by at most {np.abs(alone - together).max():.1e}"
    )


def main():
    parser = timing.parser(__doc__, rows=100_000, rounds=3)
    parser.add_argument("--device", default="cuda")
    args = parser.parse_args()
    if args.device != "cpu" and not torch.cuda.is_available():
        parser.error("torch sees no GPU on this machine; --device cpu tries the script.")
    print(timing.machine())
    if args.device != "cpu":
        print(torch.cuda.get_device_name())
    against_a_loop(args.device, args.rows, args.rounds)
    against_the_cpu(args.device, args.rounds)
    agreement(args.device)


if __name__ == "__main__":
    main()
