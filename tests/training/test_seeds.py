import threading

import torch

from skvae.training.seeds import isolated_seed

CPU = torch.device("cpu")


def draws(seed):
    with isolated_seed(seed, CPU):
        return [torch.rand(1).item() for _ in range(1000)]


def test_a_seed_decides_and_leaves_no_trace():
    before = torch.get_rng_state()
    first = draws(0)
    torch.rand(3)
    torch.set_rng_state(before)
    assert draws(0) == first != draws(1)
    assert torch.equal(torch.get_rng_state(), before)


def test_threads_do_not_mix():
    expected = {seed: draws(seed) for seed in range(4)}
    results = {}
    threads = [
        threading.Thread(target=lambda seed=seed: results.update({seed: draws(seed)}))
        for seed in expected
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == expected
