"""The bundled table with words and gaps."""

import numpy as np

from skvae.datasets import load_penguins


def test_the_penguins_are_those_of_the_article():
    penguins = load_penguins()
    assert list(penguins.columns) == [
        "species", "island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm",
        "body_mass_g", "sex", "year",
    ]  # fmt: skip
    assert penguins["species"].value_counts().to_dict() == {
        "Adelie": 152, "Gentoo": 124, "Chinstrap": 68,
    }  # fmt: skip
    numbers = penguins.select_dtypes("number")
    assert numbers.isna().sum().tolist() == [2, 2, 2, 2, 0]
    assert penguins["sex"].isna().sum() == 11
    np.testing.assert_allclose(numbers.mean(), [43.92, 17.15, 200.92, 4201.75, 2008.03], atol=0.01)
