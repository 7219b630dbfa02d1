"""Payments by credit card, a few of them frauds."""

from importlib.resources import files
from typing import Any

import numpy as np

from skvae._sklearn import validate_params
from skvae.datasets._bunch import as_bunch

__all__ = ["load_creditcard_sample"]


@validate_params(
    {"return_X_y": ["boolean"], "as_frame": ["boolean"]}, prefer_skip_nested_validation=True
)
def load_creditcard_sample(*, return_X_y: bool = False, as_frame: bool = False) -> Any:
    """Load 5,000 real payments by card, 281 of them frauds, which come with the package.

    European holders of cards made them on one day of September 2013. The bank gives principal
    components, V1 to V28, in place of what it knows of a payment, and the amount in euros. All
    frauds of the day are here, but few of its honest payments. Of all payments 0.17 % were frauds.

    =================   ====
    Samples total       5000
    Outliers             281
    Dimensionality        29
    Features            real
    =================   ====

    Parameters
    ----------
    return_X_y : bool, default=False
        Whether to return ``(data, target)`` instead of a Bunch.

    as_frame : bool, default=False
        Whether data and target are pandas objects.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        ``data`` of shape (5000, 29), ``target`` of shape (5000,) with +1 for honest payments and
        -1 for frauds, ``feature_names`` and ``DESCR``.

    References
    ----------
    .. [1] A. Dal Pozzolo, O. Caelen, R. A. Johnson and G. Bontempi, "Calibrating probability with
       undersampling for unbalanced classification", IEEE Symposium Series on Computational
       Intelligence, 2015. :doi:`10.1109/SSCI.2015.33`. Licence: ODbL 1.0, contents DbCL 1.0.

    Examples
    --------
    >>> from skvae.datasets import load_creditcard_sample
    >>> payments, y = load_creditcard_sample(return_X_y=True, as_frame=True)
    >>> payments["Amount"].groupby(y).median()
    target
    -1     9.99
     1    24.59
    Name: Amount, dtype: float64
    """
    folder = files("skvae.datasets") / "data"
    with (folder / "creditcard_sample.npz").open("rb") as file, np.load(file) as arrays:
        data = np.column_stack([arrays["hundredths"], arrays["cents"]]) / 100.0
        is_fraud = arrays["is_fraud"]
    return as_bunch(
        data,
        [*(f"V{i}" for i in range(1, 29)), "Amount"],
        ~is_fraud,
        return_X_y=return_X_y,
        as_frame=as_frame,
        DESCR=(folder / "creditcard_sample.rst").read_text(encoding="utf-8"),
    )
