import shutil

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets
from sklearn.utils import Bunch

from skvae.datasets import fetch_kddcup99, load_creditcard_sample, load_kddcup99_sample
from skvae.datasets._kddcup99 import CONTINUOUS_COLUMNS


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


@pytest.mark.parametrize("load", [load_kddcup99_sample, load_creditcard_sample])
def test_forms(load):
    X, y = load(return_X_y=True)
    frame, series = load(return_X_y=True, as_frame=True)
    assert isinstance(frame, pd.DataFrame)
    np.testing.assert_array_equal(frame, X)
    np.testing.assert_array_equal(series, y)


def test_all_rows(kddcup99_file, tmp_path):
    (tmp_path / "kddcup99_10-py3").mkdir()
    shutil.copyfile(kddcup99_file, tmp_path / "kddcup99_10-py3" / "kddcup99_10_data")
    data = fetch_kddcup99(data_home=tmp_path, as_frame=True)
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


def test_continuous_columns(monkeypatch):
    # scikit-learn reads the whole file in 15 seconds, so that here are rows of its form.
    names = ["protocol_type", *sorted(CONTINUOUS_COLUMNS), "service", "flag"]
    rows = np.array([[b"tcp", *range(18), b"http", b"SF"]] * 2, dtype=object)
    raw = Bunch(data=rows, feature_names=names, target=[b"smurf.", b"normal."], DESCR="")
    monkeypatch.setattr(datasets, "fetch_kddcup99", lambda **_: raw)
    data = fetch_kddcup99(columns="continuous", as_frame=True)
    assert list(data.data) == data.feature_names == CONTINUOUS_COLUMNS
    assert data.data["srv_count"].tolist() == [sorted(CONTINUOUS_COLUMNS).index("srv_count")] * 2
    assert data.attack.tolist() == ["smurf", "normal"]
    assert data.target.tolist() == [-1, 1]


def test_what_is_not_there(tmp_path):
    with pytest.raises(OSError, match="Data not found"):
        fetch_kddcup99(data_home=tmp_path, download_if_missing=False)
    with pytest.raises(ValueError, match="'columns' parameter of fetch_kddcup99"):
        fetch_kddcup99(columns="some")
