import pytest
import torch
from torch import nn

from skvae.runtime.devices import choose_device, resolve_device
from skvae.runtime.recipe import Recipe


@pytest.fixture
def n_cuda_devices(monkeypatch, request):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: request.param > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: request.param)
    return request.param


@pytest.mark.parametrize("n_cuda_devices", [0, 1], indirect=True)
def test_auto(n_cuda_devices):
    assert resolve_device("auto").type == ("cuda" if n_cuda_devices else "cpu")
    assert resolve_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("n_cuda_devices", [2], indirect=True)
def test_an_index_picks_a_device(n_cuda_devices):
    assert resolve_device("cuda:1") == torch.device("cuda", 1)
    with pytest.raises(ValueError, match=r"'cuda:2' was asked for, but torch sees 2 cuda"):
        resolve_device("cuda:2")


@pytest.mark.parametrize("n_cuda_devices", [0], indirect=True)
@pytest.mark.parametrize("name", ["cuda", "cuda:1"])
def test_absent_devices(n_cuda_devices, name):
    with pytest.raises(ValueError, match=f"'{name}' was asked for, but torch sees 0 .*'cpu'"):
        resolve_device(name)


def test_mps(monkeypatch):
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert resolve_device("mps").type == "mps"
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ValueError, match="'mps' was asked for, but torch sees 0 mps"):
        resolve_device("mps")


@pytest.mark.parametrize("name", ["gpu", "", "cuda:x", "meta"])
def test_unknown_devices(name):
    with pytest.raises(ValueError, match=f"device='{name}' is unknown. Use 'auto', 'cpu'"):
        resolve_device(name)


@pytest.mark.parametrize(
    ("name", "width", "batch_rows", "expected"),
    [
        ("auto", 1000, 49, "cpu"),
        ("auto", 1000, 50, "cuda"),
        ("auto", 100, 499, "cpu"),
        ("auto", 100, 500, "cuda"),
        ("cuda", 100, 1, "cuda"),
        ("cpu", 1000, 100, "cpu"),
    ],
)
def test_a_gpu_is_chosen_where_a_step_has_work_for_it(
    name, width, batch_rows, expected, monkeypatch
):
    class Wide(nn.Sequential):
        def __init__(self, width):
            super().__init__(nn.Linear(1000, width))

        def forward(self, x):
            return super().forward(x + torch.rand(1))

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    before = torch.random.get_rng_state()
    recipe = Recipe(Wide, {"width": width}, seed=0)
    assert choose_device(name, recipe, (1000,), batch_rows) == expected
    assert torch.equal(torch.random.get_rng_state(), before)
