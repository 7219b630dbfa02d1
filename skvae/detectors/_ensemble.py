"""A detector made of other detectors."""

from collections.abc import Callable, Sequence
from functools import reduce
from numbers import Integral
from os import PathLike
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch, Tags, check_random_state, get_tags
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted, validate_data

from skvae._sklearn import BaseComposition, HasMethods, StrOptions, fit_context
from skvae.detectors._ae import AEOutlierDetector
from skvae.detectors._sampling import SamplingOutlierDetector
from skvae.detectors._threshold import ThresholdDetector
from skvae.detectors._vae import VAEOutlierDetector
from skvae.failures import undone_on_failure
from skvae.rows import as_array, in_given_order, is_frame, training_rows
from skvae.runtime.recipe import VERSIONS
from skvae.seeding import seeded_clone
from skvae.training.cache import remembered

COMBINATIONS: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "max": lambda scores: scores.min(axis=1),
    # Column by column, since np.mean would add those of a single row in another order.
    "mean": lambda scores: sum(scores.T) / scores.shape[1],
}


class EnsembleOutlierDetector(ThresholdDetector, BaseComposition):
    r"""Outlier detector that asks several others, and believes the one that is most alarmed.

    Each kind of detector is blind to some kind of outlier. By default there are four experts.
    The variational autoencoder sees a row that it cannot reconstruct, or whose latent code is
    unusual. The autoencoder sees a value that the others of its row contradict. Distances to
    samples of 64 rows show a row that has no rows near it, and those to samples of 8 a row that
    is far from most, even if it has company.

    Five parameters matter most: ``estimators`` names the experts, ``combine`` says how they
    agree, ``contamination`` sets the threshold, ``n_jobs`` fits experts side by side, and
    ``random_state`` makes it repeatable.

    Parameters
    ----------
    estimators : list of (str, estimator) tuples, default=None
        The experts and their names: estimators with ``fit`` and ``score_samples``, whose scores
        are higher for normal rows. ``None`` means ``vae``, a
        :class:`~skvae.VAEOutlierDetector`, ``ae``, an :class:`~skvae.AEOutlierDetector`,
        ``near``, a :class:`~skvae.SamplingOutlierDetector`, and ``far``, another with 32
        samples of 8 rows. An expert that is set to 'drop' is left out.

    combine : {'max', 'mean'}, default='max'
        How the experts' standardised scores become one: 'max' believes the expert that is most
        alarmed, the one with the lowest score, and 'mean' takes their mean.

    contamination : 'auto' or float in (0, 0.5], default='auto'
        The share of outliers, which sets the offset. 'auto' counts as outliers the rows that
        score more than 1.5 interquartile ranges below the first quartile of the scores of
        held-out rows, and at least the lowest 1 % of these.

    n_jobs : int, default=None
        The number of experts that are fitted at once, each in a process of its own. ``None``
        means 1, and -1 all processors.

    random_state : int, RandomState instance or None, default=None
        The source of the seeds of all experts whose own ``random_state`` is ``None``. An int
        gives the same scores from each fit.

    Other Parameters
    ----------------
    threshold : {'auto', 'training', 'held_out'}, default='auto'
        Which rows set the offset. With 'training' it is ``contamination`` of the training rows.
        With 'held_out' it is at most ``contamination`` of new normal rows, which the scores of
        held-out rows tell, see ``calibrate``. 'auto' is 'held_out' for
        ``contamination='auto'``, and 'training' for a number, as in scikit-learn.

    categorical_features : array-like, 'from_dtype' or None, default='from_dtype'
        The columns that hold words, or other values without an order: a mask, indices, or names
        of the columns of a frame. 'from_dtype' means the columns of a pandas or polars frame
        that hold strings, booleans or categories.

    standardize : 'auto' or bool, default='auto'
        Whether to centre columns of numbers, and scale them to a variance of 1, by the training
        rows. 'auto' means to if the rows are a frame, or an array with at most 200 features, and
        a network is an :class:`~skvae.MLP`. Images and curves are left as they are.

    memory : str, path-like or object with the joblib.Memory interface, default=None
        The place where fitted experts are kept. A fit with the same rows and the same
        parameters uses the experts from there. A search over ``combine`` or ``contamination``
        then fits them once. It needs an int as ``random_state``. What is kept are pickles, so that
        others must not be able to write there.

    Attributes
    ----------
    offset_ : float
        The threshold: ``decision_function = score_samples - offset_``.

    held_out_scores_ : ndarray of shape (n_held_out,)
        The scores that some or all training rows have as new rows, from models that did not
        learn them.

    held_out_indices_ : ndarray of shape (n_held_out,) of int
        Which training rows these are.

    estimators_ : list of estimators
        The fitted experts.

    named_estimators_ : :class:`~sklearn.utils.Bunch`
        The fitted experts by name.

    centers_ : ndarray of shape (n_experts,)
        The median of each expert's scores of held-out rows.

    scales_ : ndarray of shape (n_experts,)
        The interquartile range of the same scores; where it is 0, since most rows score alike,
        their standard deviation, or 1.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during :term:`fit`. Defined only when `X` has feature names that
        are all strings.

    See Also
    --------
    VAEOutlierDetector : The first expert alone, which scores faster.
    sklearn.ensemble.IsolationForest : Fast, and without a model of the rows.

    Notes
    -----
    The scores :math:`s_e` of an expert differ from those of another in unit and spread. So
    they are standardised, and large deviations count by their order of magnitude,

    .. math::
        z_e = \frac{s_e - \mathrm{median}}{\mathrm{interquartile\ range}}, \quad
        t_e = \mathrm{sign}(z_e) \log(1 + |z_e|),

    with the median and the range of the rows that the expert held out. An expert without
    ``held_out_scores_`` is standardised by its training rows, and thresholds and p-values count on
    them: if it knows these better than new rows, ``calibrate`` with other rows. The score of a row
    is the lowest :math:`t_e` of all experts, that of the largest alarm. Taking the largest of
    standardised outlier scores is an old rule [1]_. The default experts get
    ``categorical_features`` and ``standardize``; those in ``estimators`` have their own.

    References
    ----------
    .. [1] C. C. Aggarwal and S. Sathe, "Theoretical foundations and algorithms for outlier
       ensembles", ACM SIGKDD Explorations 17, 2015. :doi:`10.1145/2830544.2830549`

    Examples
    --------
    Three outliers: two values that contradict each other, a row between two clusters, and a
    row far away. ``expert_scores`` tells which expert was most alarmed by the last two:

    >>> import numpy as np
    >>> from skvae import EnsembleOutlierDetector
    >>> rng = np.random.RandomState(0)
    >>> x = np.r_[rng.normal(-4, 1, 500), rng.normal(4, 1, 500)]
    >>> X = np.c_[x, x + 0.1 * rng.normal(size=1000)]
    >>> detector = EnsembleOutlierDetector(contamination=0.05, random_state=0).fit(X)
    >>> outliers = [[-4, 4], [0, 0], [12, 12]]
    >>> detector.predict(outliers)
    array([-1, -1, -1])
    >>> names = list(detector.named_estimators_)
    >>> [names[i] for i in detector.expert_scores(outliers[1:]).argmin(axis=1)]
    ['near', 'vae']
    """

    _parameter_constraints: dict = {
        **ThresholdDetector._parameter_constraints,
        "estimators": [list, None],
        "combine": [StrOptions(set(COMBINATIONS))],
        "categorical_features": ["array-like", StrOptions({"from_dtype"}), None],
        "standardize": [StrOptions({"auto"}), "boolean"],
        "n_jobs": [Integral, None],
        "memory": [str, PathLike, HasMethods("cache"), None],
        "random_state": ["random_state"],
    }

    _scored_by: ClassVar[tuple[str, ...]] = ("combine",)

    def __init__(
        self,
        estimators: Sequence[tuple[str, Any]] | None = None,
        *,
        combine: Literal["max", "mean"] = "max",
        contamination: float | Literal["auto"] = "auto",
        threshold: Literal["auto", "training", "held_out"] = "auto",
        categorical_features: ArrayLike | Literal["from_dtype"] | None = "from_dtype",
        standardize: bool | Literal["auto"] = "auto",
        n_jobs: int | None = None,
        memory: str | PathLike[str] | Any = None,
        random_state: int | RandomState | None = None,
    ) -> None:
        self.estimators = estimators
        self.combine = combine
        self.contamination = contamination
        self.threshold = threshold
        self.categorical_features = categorical_features
        self.standardize = standardize
        self.n_jobs = n_jobs
        self.memory = memory
        self.random_state = random_state

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters of this detector and of its experts.

        Parameters
        ----------
        deep : bool, default=True
            Whether to return the experts and their parameters too, as ``name__parameter``.

        Returns
        -------
        params : dict
            Parameter names and values.
        """
        return self._get_params("estimators", deep=deep)

    def set_params(self, **params: Any) -> Self:
        """Set parameters of this detector and of its experts.

        Parameters
        ----------
        **params : dict
            Parameter names and values. ``name=estimator`` replaces an expert, and
            ``name__parameter`` sets a parameter of one; with ``estimators=None`` the names are
            those of the default experts.

        Returns
        -------
        self : object
            The detector.
        """
        names = {name.partition("__")[0] for name in params}
        experts = self._experts()
        if params.get("estimators", self.estimators) is None and names & dict(experts).keys():
            params["estimators"] = experts
        self._set_params("estimators", **params)
        return self

    # The experts are validated by their own fits.
    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the experts, and set the offset from scores of training or held-out rows.

        If a fit fails or is interrupted, the detector is left as it was before.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The training rows, of which most should be normal.

        y : Ignored
            Not used, present for API consistency by convention.

        sample_weight : array-like of shape (n_samples,), default=None
            How much each row counts. Whole numbers say how often: a row with a weight of 2 is
            there twice, and one with 0 is left out. Other weights, and those with a mean above
            10, are scaled to a mean of 1, and rounded up or down at random.

        Returns
        -------
        self : object
            The fitted detector.

        Raises
        ------
        ValueError
            If an expert cannot score rows, or two have the same name.
        FloatingPointError
            If the training of a network diverges, or an expert's scores are not finite.
        """
        with undone_on_failure(self):
            named = self._named_estimators()
            if self.memory is not None and not isinstance(self.random_state, Integral):
                raise ValueError("memory needs an int as random_state, to find the experts again.")
            rows: Any = X if is_frame(X) else as_array(X)
            numbers = None
            # What is no array, such as a sparse matrix, has no axis. Experts have better errors.
            if len(rows.shape):
                X, numbers = training_rows(rows, sample_weight, self.random_state)
            random = check_random_state(self.random_state)
            experts = {name: seeded_clone(expert, random) for name, expert in named}
            # Versions tell releases apart.
            calls = [{"expert": each, "X": X, "versions": VERSIONS} for each in experts.values()]
            self.estimators_ = Parallel(n_jobs=self.n_jobs)(
                delayed(remembered)(self.memory, _fit_expert, call) for call in calls
            )
            # Experts have better errors, and know what a table is.
            validate_data(self, X, skip_check_array=True)
            self.named_estimators_ = Bunch(**dict(zip(experts, self.estimators_, strict=True)))
            scored = [self._held_out(expert, X) for expert in self.estimators_]
            columns = [scores for _, scores in scored]
            first, self.centers_, third = np.transpose(
                [np.percentile(scores, [25, 50, 75]) for scores in columns]
            )
            # Where most rows score alike the range is 0.
            deviations = [scores.std() for scores in columns]
            scales = np.array([third - first, deviations, np.ones(len(experts))])
            self.scales_ = np.choose((scales > 0).argmax(axis=0), scales)
            self._set_threshold(
                *self._held_out_by_all(scored), lambda: self._combined(self._raw_scores(X))
            )
            if numbers is not None:
                for each in [self, *map(_last, self.estimators_)]:
                    if isinstance(each, ThresholdDetector):
                        each._number_held_out(numbers)
        return self

    def expert_scores(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return how normal each row is to each expert, in comparable units.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        scores : ndarray of shape (n_samples, n_experts)
            The higher, the more normal, in the order of ``estimators_``. 0 is the median of
            the rows that the expert held out. The lowest of a row is that of the expert that
            decides if ``combine='max'``.
        """
        return self._standardized(self._raw_scores(X))

    def score_samples(self, X: ArrayLike) -> NDArray[np.float64]:
        """Return how normal each row is.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        scores : ndarray of shape (n_samples,)
            The higher, the more normal. A row's score does not depend on other rows.
        """
        return self._combined(self._raw_scores(X))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = all(
            hasattr(expert, "__sklearn_tags__") and get_tags(expert).input_tags.allow_nan
            for _, expert in self.estimators or self._experts()
            if expert != "drop"
        )
        return tags

    def _experts(self) -> list[tuple[str, Any]]:
        columns: dict[str, Any] = {
            "categorical_features": self.categorical_features,
            "standardize": self.standardize,
        }
        return [
            ("vae", VAEOutlierDetector(**columns)),
            ("ae", AEOutlierDetector(**columns)),
            ("near", SamplingOutlierDetector(**columns)),
            ("far", SamplingOutlierDetector(n_estimators=32, max_samples=8, **columns)),
        ]

    def _named_estimators(self) -> list[tuple[str, Any]]:
        given = self._experts() if self.estimators is None else self.estimators
        named = [(name, expert) for name, expert in given if expert != "drop"]
        if not named:
            raise ValueError("estimators has no expert. Name one, or pass None for the default.")
        self._validate_names([name for name, _ in named])
        for name, expert in named:
            if isinstance(expert, type):
                raise TypeError(
                    f"The expert {name!r} must be an object, got the class {expert.__name__}. "
                    f"Call it: {expert.__name__}()."
                )
            for method in ("fit", "score_samples"):
                if not hasattr(expert, method):
                    hint = " Set novelty=True." if hasattr(expert, "novelty") else ""
                    raise ValueError(f"The expert {name!r}, {expert}, has no {method}.{hint}")
        return named

    def _raw_scores(self, X: ArrayLike) -> NDArray[np.float64]:
        check_is_fitted(self, "estimators_")
        return np.column_stack([self._expert_scores(expert, X) for expert in self.estimators_])

    def _expert_scores(self, expert: Any, X: ArrayLike) -> NDArray[np.float64]:
        scores: NDArray[np.float64] = expert.score_samples(X)
        if not np.isfinite(scores).all():
            name = list(self.named_estimators_)[self.estimators_.index(expert)]
            raise FloatingPointError(
                f"The expert {name!r} returned scores that are not finite. Set it to 'drop', or "
                "scale X."
            )
        return scores

    def _held_out(self, expert: Any, X: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the rows that an expert held out, and their scores: if none, of all rows."""
        last = _last(expert)
        if hasattr(last, "held_out_scores_"):
            return last.held_out_indices_, last.held_out_scores_
        scores = self._expert_scores(expert, X)
        return np.arange(len(scores)), scores

    def _held_out_by_all(
        self, scored: Sequence[tuple[NDArray[np.intp], NDArray[np.float64]]]
    ) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
        """Return the rows that all experts held out, and what the experts together say."""
        rows = reduce(np.intersect1d, [indices for indices, _ in scored])
        if len(rows) == 0:
            raise ValueError(
                f"The experts {list(self.named_estimators_)} hold out different rows, and none in "
                "common, so that the ensemble has no held-out scores. Fit more rows, or set "
                "n_estimators of the networks to 2 or more."
            )
        columns = [scores[np.searchsorted(indices, rows)] for indices, scores in scored]
        return rows, self._combined(np.column_stack(columns))

    def _standardized(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        return _damped((scores - self.centers_) / self.scales_)

    def _offset(self, scores: NDArray[np.float64], contamination: float | Literal["auto"]) -> float:
        if contamination != "auto":
            return super()._offset(scores, contamination)
        # Damped scores have no tail, and hardly any would be beyond a fence.
        undamped = np.sign(scores) * np.expm1(np.abs(scores))
        return float(_damped(super()._offset(undamped, contamination)))

    def _combined(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        (combine,) = self._validated({"combine": self.combine}).values()
        return COMBINATIONS[combine](self._standardized(scores))


def _last(expert: Any) -> Any:
    while isinstance(expert, Pipeline):
        expert = expert[-1]
    return expert


def _damped(deviations: Any) -> Any:
    return np.sign(deviations) * np.log1p(np.abs(deviations))


def _fit_expert(expert: Any, X: ArrayLike, versions: str) -> Any:
    # The rows are sorted already, and experts that see other columns hold out the same ones.
    with in_given_order():
        return expert.fit(X)
