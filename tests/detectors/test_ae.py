import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from skvae import AEOutlierDetector, Conv1d


def test_support_fraction_keeps_a_clump_of_outliers_from_being_learned(rng):
    plane = rng.normal(size=(970, 2)) @ rng.normal(size=(2, 6))
    clump = 3 * rng.normal(size=6) + 0.1 * rng.normal(size=(30, 6))
    X = np.r_[plane, clump]
    is_outlier = np.arange(1000) >= 970

    def auroc(**settings):
        detector = AEOutlierDetector(
            latent_dim=2, masked_fraction=0.0, max_epochs=20, random_state=0, **settings
        )
        return roc_auc_score(is_outlier, -detector.fit(X).score_samples(X))

    assert auroc() < 0.98
    assert auroc(support_fraction=0.95) > 0.99


def test_convolutions_hide_no_columns(X):
    detector = AEOutlierDetector(masked_fraction=0.3, architecture=Conv1d(filters=2))
    with pytest.raises(ValueError, match="hides columns of a table, but Conv1d"):
        detector.fit(X)
