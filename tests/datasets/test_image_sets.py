import numpy as np
import pytest
from sklearn.utils import Bunch

from skvae.datasets import fetch_cifar10, fetch_mnist


@pytest.fixture
def openml(monkeypatch, rng):
    asked = {}

    def fetch(*, data_id, as_frame, **options):
        asked.update(options, data_id=data_id)
        n_columns = {554: 784, 40927: 3072}[data_id]
        data = rng.randint(0, 256, (5, n_columns)).astype(float)
        asked["data"] = data
        return Bunch(data=data, target=np.array(list("01234"), dtype=object), DESCR="about")

    monkeypatch.setattr("skvae.datasets._image_sets.fetch_openml", fetch)
    return asked


def test_mnist_has_images_of_bytes(openml):
    X, y = fetch_mnist(return_X_y=True, data_home="here")
    assert X.shape == (5, 28, 28)
    assert X.dtype == np.uint8
    np.testing.assert_array_equal(X.reshape(5, -1), openml["data"])
    assert y.tolist() == [0, 1, 2, 3, 4]
    assert openml["data_home"] == "here"
    assert fetch_mnist().DESCR == "about"


def test_cifar10_has_its_channels_last(openml):
    X, y = fetch_cifar10(return_X_y=True)
    assert X.shape == (5, 32, 32, 3)
    assert X.dtype == np.uint8
    np.testing.assert_array_equal(X[..., 1].reshape(5, -1), openml["data"][:, 1024:2048])
    assert y.tolist() == [0, 1, 2, 3, 4]
    assert fetch_cifar10().data.shape == X.shape
