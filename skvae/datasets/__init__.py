"""Data sets with y = +1 for normal rows and y = -1 for outliers."""

from skvae.datasets._bumps import make_bumps
from skvae.datasets._kddcup99 import fetch_kddcup99, load_kddcup99_sample
from skvae.datasets._outlier_batch import make_outlier_batch

__all__ = ["fetch_kddcup99", "load_kddcup99_sample", "make_bumps", "make_outlier_batch"]
