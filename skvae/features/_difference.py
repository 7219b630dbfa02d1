"""Rows less their reconstructions."""

from typing import Any, Self

from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin, clone
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from skvae._sklearn import HasMethods, fit_context
from skvae.failures import undone_on_failure
from skvae.features._routing import RoutesToDetector
from skvae.rows import unit_floats, validate_rows


class ReconstructionDifference(
    RoutesToDetector, OneToOneFeatureMixin, TransformerMixin, BaseEstimator
):
    """Transformer that subtracts from each row its reconstruction by a detector.

    A network trained on normal rows cannot reconstruct what is not normal about a row: a
    column, a bump of a curve. From the differences, which keep their sign, a classifier learns
    with few labels.

    Parameters
    ----------
    detector : object
        The detector, with a method ``reconstruct``, for instance
        :class:`~skvae.AEOutlierDetector`. A clone of it is fitted. A fitted one in a
        :class:`~sklearn.frozen.FrozenEstimator` is used as it is.

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
    DifferenceHistogram : Counts how large the differences are, wherever they are.
    skvae.ReconstructionHistogramClassifier : Joins both with a classifier.

    Notes
    -----
    A network reconstructs the rows it was trained on better than others. A classifier that is
    trained on the differences of these rows expects too small ones of new normal rows. So train
    the detector on some rows, freeze it, and fit the classifier on the rest, as below.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from sklearn.frozen import FrozenEstimator
    >>> from sklearn.pipeline import make_pipeline
    >>> from skvae import AEOutlierDetector
    >>> from skvae.datasets import make_bumps
    >>> from skvae.features import ReconstructionDifference
    >>> normal, _ = make_bumps(500, 0, random_state=0)
    >>> detector = AEOutlierDetector(random_state=0).fit(normal)
    >>> X, y = make_bumps(200, 200, random_state=1)
    >>> classifier = make_pipeline(
    ...     ReconstructionDifference(FrozenEstimator(detector)),
    ...     RandomForestClassifier(random_state=0),
    ... ).fit(X, y)
    >>> X_new, y_new = make_bumps(200, 200, random_state=2)
    >>> round(classifier.score(X_new, y_new), 1)
    0.9
    """

    _parameter_constraints: dict = {"detector": [HasMethods(["fit", "reconstruct"])]}

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

        y : Ignored
            Not used, present for API consistency by convention.

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
            validate_rows(self, X, reset=True)
            self.detector_ = clone(self.detector).fit(X, None, **routed)
        return self

    def transform(self, X: ArrayLike) -> NDArray[Any]:
        """Subtract the reconstructions from the rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        differences : ndarray of the shape of X
            In the units of ``X``: positive where a row has more than its reconstruction. Those
            of bytes are float32, in units of 255.
        """
        check_is_fitted(self)
        rows = validate_rows(self, X, reset=False)
        return unit_floats(rows) - self.detector_.reconstruct(X)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
