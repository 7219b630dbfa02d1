"""Data sets, and what makes outliers for them."""

from skvae.datasets._bumps import make_bumps
from skvae.datasets._creditcard import load_creditcard_sample
from skvae.datasets._image_sets import fetch_cifar10, fetch_mnist
from skvae.datasets._kddcup99 import fetch_kddcup99, load_kddcup99_sample
from skvae.datasets._masks import apply_mask
from skvae.datasets._outlier_batch import make_outlier_batch
from skvae.datasets._penguins import load_penguins

__all__ = [
    "apply_mask",
    "fetch_cifar10",
    "fetch_kddcup99",
    "fetch_mnist",
    "load_creditcard_sample",
    "load_kddcup99_sample",
    "load_penguins",
    "make_bumps",
    "make_outlier_batch",
]
