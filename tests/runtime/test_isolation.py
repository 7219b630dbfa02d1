import threading

import torch

from skvae.runtime.isolation import isolated

CPU = torch.device("cpu")


def draws(seed):
    with isolated(seed, CPU):
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


def test_gradients_are_on_and_autocasting_is_off():
    x = torch.ones(2, 2)
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16), torch.inference_mode():
        with isolated(0, CPU):
            weight = torch.ones(2, 2, requires_grad=True)
            product = x @ weight
            product.sum().backward()
            assert weight.grad is not None
        assert product.dtype == torch.float32
        assert torch.is_inference_mode_enabled()
        assert (x @ x).dtype == torch.bfloat16
