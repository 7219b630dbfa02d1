import pytest
import torch

from skvae.training.devices import resolve_device


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
