"""The scores of an outlier detector as a feature."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils import Tags, get_tags
from sklearn.utils.validation import check_is_fitted, validate_data

from skvae._sklearn import HasMethods, fit_context
from skvae.failures import undone_on_failure
from skvae.features._routing import RoutesToDetector


class ScoreTransformer(RoutesToDetector, TransformerMixin, BaseEstimator):
    """Transformer that gives a classifier or a regressor the score of an outlier detector.

    Detectors predict, and so can only be the last step of a pipeline. This makes a step before the
    last one of them, or a part of a :class:`~sklearn.pipeline.FeatureUnion`. In cross-validation
    the detector is fitted to the training rows of each fold alone.

    Parameters
    ----------
    detector : object
        The detector, with a method ``score_samples``, of skvae or of scikit-learn. A clone of it
        is fitted. A fitted one in a :class:`~sklearn.frozen.FrozenEstimator` is used as it is.

    Attributes
    ----------
    detector_ : object
        The fitted detector.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during :term:`fit`. Defined only when `X` has feature
        names that are all strings.

    See Also
    --------
    ReconstructionDifference : Tells a classifier what is odd about a row, and not only how much.

    Notes
    -----
    A detector scores the rows it was trained on higher than others. Where this matters, train it on
    other rows and freeze it.

    Examples
    --------
    Outliers are all around normal rows, so that no straight line separates them. By their score
    they are easy to separate:

    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import cross_val_score
    >>> from sklearn.pipeline import make_pipeline, make_union
    >>> from skvae import SamplingOutlierDetector
    >>> from skvae.features import ScoreTransformer
    >>> rng = np.random.RandomState(0)
    >>> normal, odd = rng.normal(size=(200, 5)), 3 * rng.normal(size=(40, 5))
    >>> X, y = np.concatenate([normal, odd]), np.repeat([1, -1], [200, 40])
    >>> linear = LogisticRegression(class_weight="balanced")
    >>> cross_val_score(linear, X, y, scoring="roc_auc").mean().round(1)
    np.float64(0.5)
    >>> score = ScoreTransformer(SamplingOutlierDetector(random_state=0))
    >>> classifier = make_pipeline(make_union("passthrough", score), linear)
    >>> cross_val_score(classifier, X, y, scoring="roc_auc").mean().round(1)
    np.float64(1.0)
    """

    _parameter_constraints: dict = {"detector": [HasMethods(["fit", "score_samples"])]}

    def __init__(self, detector: Any) -> None:
        self.detector = detector

    # The detector is validated by its own fit.
    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: Any = None, **fit_params: Any) -> Self:
        """Fit the detector.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The training rows, of which most should be normal.

        y : array-like of shape (n_samples,), default=None
            What the detector may learn from; most detectors do not use it.

        **fit_params : dict
            Arguments for the ``fit`` of the detector, such as ``sample_weight``, which it must
            request: see :ref:`metadata routing <metadata_routing>`.

        Returns
        -------
        self : object
            The fitted transformer.
        """
        routed = self._routed(fit_params)
        with undone_on_failure(self):
            self.detector_ = clone(self.detector).fit(X, y, **routed)
            validate_data(self, X, skip_check_array=True)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return the scores of rows as a column.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        scores : ndarray of shape (n_samples, 1)
            The higher, the more normal.
        """
        check_is_fitted(self)
        # The detector validates them.
        return np.asarray(self.detector_.score_samples(X), dtype=np.float64)[:, np.newaxis]

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the name of the column.

        Parameters
        ----------
        input_features : Ignored
            Not used, present for API consistency by convention.

        Returns
        -------
        feature_names_out : ndarray of shape (1,) of str
            It is 'score'.
        """
        check_is_fitted(self)
        return np.array(["score"], dtype=object)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.detector).input_tags
        return tags
