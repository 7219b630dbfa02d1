"""Penguins of the Palmer Archipelago: a small table with words and gaps."""

from importlib.resources import files
from typing import Any

__all__ = ["load_penguins"]


def load_penguins() -> Any:
    """Load measurements of 344 penguins, with words and gaps, which come with the package.

    Adult penguins of three species were measured on three islands of the Palmer Archipelago,
    Antarctica, from 2007 to 2009. Of two no measurement is known, and of nine others the sex is
    not. pandas must be installed.

    ===================   ====================================
    Rows                                                   344
    Columns of words                      species, island, sex
    Columns of numbers    bill_length_mm, bill_depth_mm,
                          flipper_length_mm, body_mass_g, year
    Missing cells                                           19
    ===================   ====================================

    Returns
    -------
    penguins : pandas.DataFrame of shape (344, 8)
        One row for each penguin.

    References
    ----------
    .. [1] K. B. Gorman, T. D. Williams and W. R. Fraser, "Ecological sexual dimorphism and
       environmental variability within a community of Antarctic penguins (genus Pygoscelis)",
       PLoS ONE 9, 2014. :doi:`10.1371/journal.pone.0090081`
    .. [2] A. M. Horst, A. P. Hill and K. B. Gorman, "palmerpenguins: Palmer Archipelago
       (Antarctica) penguin data", 2020. :doi:`10.5281/zenodo.3960218`. Licence: CC0 1.0.

    Examples
    --------
    >>> from skvae.datasets import load_penguins
    >>> penguins = load_penguins()
    >>> penguins.shape, int(penguins.isna().sum().sum())
    ((344, 8), 19)
    """
    import pandas as pd

    with (files("skvae.datasets") / "data" / "penguins.csv").open("rb") as file:
        return pd.read_csv(file)
