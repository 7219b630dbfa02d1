import shutil

import numpy as np
import pandas as pd
import pytest

from skvae.datasets import fetch_kddcup99, load_kddcup99_sample


def test_the_sample_comes_with_the_package():
    sample = load_kddcup99_sample()
    assert sample.data.shape == (16_000, 18) == (16_000, len(sample.feature_names))
    assert sample.data.dtype == np.float64
    assert (sample.target == -1).sum() == 1_000
    np.testing.assert_array_equal(sample.target == 1, sample.attack == "normal")
    rates = [name.endswith("_rate") for name in sample.feature_names]
    assert sample.data[:, rates].min() == 0.0
    assert sample.data[:, rates].max() == 1.0
    assert "CC BY 4.0" in sample.DESCR


def test_forms():
    X, y = load_kddcup99_sample(return_X_y=True)
    frame, series = load_kddcup99_sample(return_X_y=True, as_frame=True)
    assert isinstance(frame, pd.DataFrame)
    np.testing.assert_array_equal(frame, X)
    np.testing.assert_array_equal(series, y)


@pytest.fixture(scope="module")
def data_home(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def home(kddcup99_file, data_home):
    folder = data_home / "kddcup99_10-py3"
    if not folder.exists():
        folder.mkdir()
        shutil.copyfile(kddcup99_file, folder / "kddcup99_10_data")
    return data_home


def test_all_rows(home):
    data = fetch_kddcup99(data_home=home, as_frame=True)
    assert data.data.shape == (494_021, 41)
    assert (data.target == 1).sum() == 97_278
    assert data.data["protocol_type"].unique().tolist() == ["tcp", "udp", "icmp"]
    assert (
        data.data.drop(columns=["protocol_type", "service", "flag"])
        .dtypes.map(pd.api.types.is_numeric_dtype)
        .all()
    )
    # The bundled sample holds rows of the file.
    sample = load_kddcup99_sample(as_frame=True)
    merged = sample.data.drop_duplicates().merge(
        data.data[sample.feature_names].astype(float).drop_duplicates(), how="left", indicator=True
    )
    assert (merged["_merge"] == "both").all()


def test_continuous_columns(home):
    X, y = fetch_kddcup99(columns="continuous", data_home=home, return_X_y=True)
    assert X.shape == (494_021, 18)
    assert X.dtype == np.float64
    assert set(y) == {-1, 1}


def test_what_is_not_there(tmp_path):
    with pytest.raises(OSError, match="Data not found"):
        fetch_kddcup99(data_home=tmp_path, download_if_missing=False)
    with pytest.raises(ValueError, match="'columns' parameter of fetch_kddcup99"):
        fetch_kddcup99(columns="some")
