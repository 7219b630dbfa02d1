"""KDD Cup 1999: connections of a simulated network, normal or one of many attacks."""

from importlib.resources import files
from os import PathLike
from typing import Any, Literal

import numpy as np
from sklearn import datasets

from skvae._sklearn import StrOptions, validate_params
from skvae.datasets._bunch import as_bunch

CONTINUOUS_COLUMNS = [
    "srv_count",
    "serror_rate",
    "srv_serror_rate",
    "rerror_rate",
    "srv_rerror_rate",
    "same_srv_rate",
    "diff_srv_rate",
    "srv_diff_host_rate",
    "dst_host_count",
    "dst_host_srv_count",
    "dst_host_same_srv_rate",
    "dst_host_diff_srv_rate",
    "dst_host_same_src_port_rate",
    "dst_host_srv_diff_host_rate",
    "dst_host_serror_rate",
    "dst_host_srv_serror_rate",
    "dst_host_rerror_rate",
    "dst_host_srv_rerror_rate",
]
SYMBOLIC_COLUMNS = ["protocol_type", "service", "flag"]


@validate_params(
    {"return_X_y": ["boolean"], "as_frame": ["boolean"]}, prefer_skip_nested_validation=True
)
def load_kddcup99_sample(*, return_X_y: bool = False, as_frame: bool = False) -> Any:
    """Load 16,000 real rows of KDD Cup 1999, which come with the package.

    15,000 normal connections and 1,000 attacks of all kinds, drawn at random without
    replacement from the 10 % file and kept in its order, with 18 continuous columns that
    describe the traffic of the last two seconds and of the last hundred connections to
    the same host. As in the full data many rows are equal.

    =================   ==============
    Samples total                16000
    Outliers                      1000
    Dimensionality                  18
    Features            real, positive
    =================   ==============

    Parameters
    ----------
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        Whether data and target are pandas objects.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        ``data`` of shape (16000, 18), ``target`` of shape (16000,) with +1 for normal
        rows and -1 for attacks, ``attack`` with the name of the attack or 'normal',
        ``feature_names`` and ``DESCR``.

    See Also
    --------
    fetch_kddcup99 : All rows.

    References
    ----------
    .. [1] S. Stolfo, W. Fan, W. Lee, A. Prodromidis and P. Chan, "KDD Cup 1999 data",
       UCI Machine Learning Repository, 1999. :doi:`10.24432/C51C7N`. Licence: CC BY 4.0.

    Examples
    --------
    >>> from skvae.datasets import load_kddcup99_sample
    >>> X, y = load_kddcup99_sample(return_X_y=True)
    >>> X.shape, int((y == -1).sum())
    ((16000, 18), 1000)
    """
    folder = files("skvae.datasets") / "data"
    with (folder / "kddcup99_sample.npz").open("rb") as file, np.load(file) as arrays:
        # Rates have two digits in the source, and are stored as hundredths.
        data = arrays["hundredths"] / 100.0
        attack = arrays["attack"]
    return as_bunch(
        data,
        CONTINUOUS_COLUMNS,
        attack == "normal",
        return_X_y=return_X_y,
        as_frame=as_frame,
        DESCR=(folder / "kddcup99_sample.rst").read_text(encoding="utf-8"),
        attack=attack,
    )


@validate_params(
    {
        "columns": [StrOptions({"all", "continuous"})],
        "percent10": ["boolean"],
        "return_X_y": ["boolean"],
        "as_frame": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def fetch_kddcup99(
    *,
    columns: Literal["all", "continuous"] = "all",
    percent10: bool = True,
    data_home: str | PathLike[str] | None = None,
    download_if_missing: bool = True,
    return_X_y: bool = False,
    as_frame: bool = False,
) -> Any:
    """Fetch KDD Cup 1999 with scikit-learn, labelled +1 for normal rows and -1 for attacks.

    Parameters
    ----------
    columns : {'all', 'continuous'}, default='all'
        All 41 columns, or the 18 continuous ones of :func:`load_kddcup99_sample`.

    percent10 : bool, default=True
        Whether to use the 10 % file of 494,021 rows instead of all 4,898,431.

    data_home : str or path-like, default=None
        Where scikit-learn keeps its data sets, by default '~/scikit_learn_data'.

    download_if_missing : bool, default=True
        Whether to download what is not there; else an ``OSError`` is raised.

    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        Whether data and target are pandas objects. The symbolic columns of ``'all'`` are
        then strings and all others numbers; without, the array has ``object`` elements.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        ``data``, ``target`` of shape (n_samples,), ``attack`` with the name of the attack
        or 'normal', ``feature_names`` and ``DESCR``.

    See Also
    --------
    load_kddcup99_sample : Some rows, without a network.
    sklearn.datasets.fetch_kddcup99 : The fetcher behind it.

    References
    ----------
    .. [1] S. Stolfo, W. Fan, W. Lee, A. Prodromidis and P. Chan, "KDD Cup 1999 data",
       UCI Machine Learning Repository, 1999. :doi:`10.24432/C51C7N`. Licence: CC BY 4.0.

    Examples
    --------
    >>> from skvae.datasets import fetch_kddcup99
    >>> X, y = fetch_kddcup99(
    ...     columns="continuous", return_X_y=True
    ... )  # doctest: +SKIP
    """
    raw = datasets.fetch_kddcup99(
        percent10=percent10, data_home=data_home, download_if_missing=download_if_missing
    )
    names = list(raw.feature_names)
    attack = np.array([label.decode().rstrip(".") for label in raw.target])
    if columns == "continuous":
        data = raw.data[:, [names.index(name) for name in CONTINUOUS_COLUMNS]].astype(np.float64)
        names = CONTINUOUS_COLUMNS
    else:
        data = raw.data
        for name in SYMBOLIC_COLUMNS:
            column = names.index(name)
            data[:, column] = [value.decode() for value in data[:, column]]
    return as_bunch(
        data,
        names,
        attack == "normal",
        return_X_y=return_X_y,
        as_frame=as_frame,
        DESCR=raw.DESCR,
        attack=attack,
    )
