"""The detectors on a mixture of Gaussians over latent features."""

import warnings
from collections.abc import Callable, Sequence
from math import ceil
from numbers import Integral, Real
from os import PathLike
from typing import Any, Literal

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture
from sklearn.utils import Bunch, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from skvae.detectors._base import BaseDetector
from skvae.networks import VAE, AutoEncoder, MixtureAutoEncoder, MixtureVAE
from skvae.networks.reconstruction_features import RECONSTRUCTION_FEATURES
from skvae.networks.vae import MIN_SIGMA
from skvae.training.mixtures import draw_features, fit_mixture
from skvae.training.weights import Weights, build_network, weights_of

# As shares of the first stage's. More of it moves the codes without telling outliers better.
SECOND_STAGE_EPOCHS, SECOND_STAGE_LR = 0.25, 0.3
# The first guess needs no more rows, which scikit-learn takes all at once.
GUESS_ROWS = 10_000
N_GUESSES = 3
SMALLEST_GUESS_REG_COVAR = 1e-6
# A feature that varies less, beside its mean, is constant but for float32's rounding.
CONSTANT = 1e-6


class _MixtureDetector(BaseDetector):
    """What the two have in common: the training in two stages, and the mixture."""

    _parameter_constraints: dict = {
        **BaseDetector._parameter_constraints,
        "n_components": [Interval(Integral, 1, None, closed="left")],
        "reconstruction_features": [tuple, list],
        "reg_covar": [Interval(Real, 0, None, closed="left")],
        "energy_weight": [Interval(Real, 0, None, closed="left")],
        "covariance_weight": [Interval(Real, 0, None, closed="left")],
    }
    _autoencoder_class: type

    def _autoencoder_arguments(self, input_shape: tuple[int, ...]) -> dict[str, Any]:
        """Return what the autoencoder alone is built with."""
        return super()._network_arguments(input_shape)

    def _network_arguments(self, input_shape: tuple[int, ...]) -> dict[str, Any]:
        for feature in self.reconstruction_features:
            if not callable(feature) and feature not in RECONSTRUCTION_FEATURES:
                raise ValueError(
                    f"reconstruction_features holds {feature!r}. Each must be one of "
                    f"{sorted(RECONSTRUCTION_FEATURES)} or a function of two tensors."
                )
        return {
            **self._autoencoder_arguments(input_shape),
            "reconstruction_features": tuple(self.reconstruction_features),
            "n_components": self.n_components,
            "reg_covar": float(self.reg_covar),
            "energy_weight": float(self.energy_weight),
            "covariance_weight": float(self.covariance_weight),
        }

    def _train(
        self,
        train: Callable[..., tuple[Weights, list[dict[str, float]]]],
        arguments: dict[str, Any],
        X: NDArray[Any],
        *,
        seed: int,
        device: str,
    ) -> tuple[Weights, list[dict[str, float]]]:
        if self.n_components > len(X):
            raise ValueError(
                f"n_components={self.n_components} is more than the rows to fit: X has n_samples = "
                f"{len(X)}. Lower it."
            )
        if device.startswith("mps"):
            raise ValueError(
                f"device={device!r} has no float64, which mixtures are computed in. Use 'cpu'."
            )
        names = self._autoencoder_arguments(X.shape[1:])
        autoencoder = {name: arguments[name] for name in names}
        weights, history = train(self._autoencoder_class, autoencoder, X)
        weights = {**weights, **self._guess(weights, arguments, X, seed=seed, device=device)}
        weights, more = train(
            self._network_class,
            arguments,
            X,
            initial=weights,
            max_epochs=ceil(SECOND_STAGE_EPOCHS * len(history)),
            lr=SECOND_STAGE_LR * float(self.lr),
        )
        more = [{**record, "epoch": record["epoch"] + len(history)} for record in more]
        network = build_network(self._network_class, arguments, weights, seed=seed, device=device)
        jitter = fit_mixture(network, X, seed=seed, device=device)
        if jitter:
            warnings.warn(
                f"A covariance of the mixture was not positive definite until {jitter:g} times the "
                f"variances was added. Raise reg_covar (now {self.reg_covar:g}).",
                stacklevel=5,
            )
        return weights_of(network), history + more

    def _guess(
        self,
        weights: Weights,
        arguments: dict[str, Any],
        X: NDArray[Any],
        *,
        seed: int,
        device: str,
    ) -> Weights:
        """Return the weights of a mixture over the latent features of an autoencoder."""
        network = build_network(
            self._network_class, arguments, weights, seed=seed, device=device, strict=False
        )
        random_state = check_random_state(seed)
        rows = _some(len(X), random_state)
        features = draw_features(network, X, rows, seed=seed, device=device)
        features = features[_some(len(features), random_state)]
        location, scale = features.mean(axis=0), features.std(axis=0)
        scale[scale < CONSTANT * np.maximum(1, abs(location))] = 1.0
        mixture = GaussianMixture(
            self.n_components,
            reg_covar=max(self.reg_covar, SMALLEST_GUESS_REG_COVAR),
            n_init=N_GUESSES,
            random_state=random_state,
        )
        with warnings.catch_warnings(), config_context(array_api_dispatch=False):
            # It only has to be a beginning, and components may well coincide.
            warnings.simplefilter("ignore", ConvergenceWarning)
            # On one thread, since its last digits depend on their number.
            with threadpool_limits(1):
                mixture.fit((features - location) / scale)
        guess = {
            "location": location,
            "scale": scale,
            "guess.weights": mixture.weights_,
            "guess.means": mixture.means_,
            "guess.covariances": mixture.covariances_,
        }
        return {f"latent_mixture.{name}": value for name, value in guess.items()}

    @property
    def mixture_(self) -> Bunch:
        """The mixture, in the units of the latent features.

        With the attributes ``weights``, of shape (n_components,), ``means``, of shape
        (n_components, n_latent_features), and ``covariances``, of shape
        (n_components, n_latent_features, n_latent_features).
        """
        check_is_fitted(self)
        state = weights_of(self.network_.latent_mixture)
        location, scale = state["location"], state["scale"]
        return Bunch(
            weights=state["fitted.weights"],
            means=state["fitted.means"] * scale + location,
            covariances=state["fitted.covariances"] * np.outer(scale, scale),
        )

    def membership(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return how much each row belongs to each Gaussian, by the estimation network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        membership : ndarray of shape (n_samples, n_components) of float32
            Shares that add up to one in each row.
        """
        X = self._validate_fitted(X)
        return self._apply(self.network_.membership, X)

    def latent_features(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return the codes of rows, and what their reconstructions say.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        features : ndarray of shape (n_samples, n_latent_features) of float32
            The code in the first ``latent_dim`` columns, then one column for each of
            ``reconstruction_features``. Those of a variational network are of the mean
            code; its mixture is over drawn codes.
        """
        X = self._validate_fitted(X)
        return self._apply(self.network_.latent_features, X)

    def feature_scores(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return minus the squared error of each feature's reconstruction.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        scores : ndarray of the shape of X, of float32
            In squared units of ``X``; the lowest is restored worst. They do not add up to
            the score of the row, which is that of its latent features.
        """
        return super().feature_scores(X)


def _some(n_rows: int, random_state: RandomState) -> NDArray[np.intp]:
    if n_rows <= GUESS_ROWS:
        return np.arange(n_rows)
    return np.sort(random_state.choice(n_rows, GUESS_ROWS, replace=False))


class AEGMMDetector(_MixtureDetector):
    r"""Outlier detector on a mixture of Gaussians over what an autoencoder says.

    Each row becomes a few latent features: its code, and how far it is from its
    reconstruction. A mixture of Gaussians is trained together with the autoencoder, and the
    score of a row is the log density of its latent features. Rows are outliers if they are
    restored badly, or have an unusual code, or an unusual combination of both. The method is
    known as deep autoencoding Gaussian mixture model, DAGMM [1]_.

    Parameters
    ----------
    contamination : 'auto' or float in (0, 0.5], default='auto'
        The share of outliers in the training rows, which sets the offset. 'auto' takes
        for outliers what scores more than 1.5 interquartile ranges below the first
        quartile of the training scores, and at least the lowest 1 %. New rows score a
        little lower than training rows, much lower if those are few: see ``calibrate``.

    architecture : object, default=None
        Builds the encoder and the decoder. ``None`` means :class:`~skvae.MLP` at its
        defaults, which also shows how to bring your own modules.

    latent_dim : int or 'auto', default='auto'
        The size of the code. 'auto' is the number of features, at most 32.

    n_components : int, default=4
        The number of Gaussians. If the rows have fewer clusters, some share one.

    reconstruction_features : tuple or list, default=('relative_euclidean', 'cosine')
        What joins the code in the latent features, any number of 'euclidean', the
        distance of a row from its reconstruction, 'relative_euclidean', the same divided by
        the length of the row, 'cosine', that of the angle between them, and functions from
        tensors of rows and reconstructions to a tensor of shape (n_rows,).

    reg_covar : float, default=0.1
        Added to the diagonals of the covariances, times the variance of each latent
        feature over all training rows: no Gaussian gets much narrower than all rows
        together, whatever the units.

    energy_weight : float, default=0.1
        The weight of the mean energy in the training loss, the published one.

    covariance_weight : float, default=0.005
        The weight in the training loss of the sum of the inverse variances of the codes,
        which keeps codes from shrinking to a point. The published one, but it is here in
        the units of the codes at the begin of the second stage.

    max_epochs : int or 'auto', default='auto'
        The number of passes over the training rows in the first of two stages, see Notes.
        'auto' is as many as make 2,000 steps, and at least one. The second stage has a
        quarter of the epochs that the first one had.

    batch_size : int or 'auto', default='auto'
        The largest number of rows in a step. 'auto' is 8 for at most 500 rows to train on,
        64 for at most 128,000, and a 2,000th of the rows for more, but at most 256.

    lr : float, default=1e-3
        The learning rate of the first step, from which it falls to zero along a cosine.

    weight_decay : float, default=0.0
        The decoupled weight decay of the optimiser, AdamW.

    early_stopping : bool, default=False
        Whether to set rows aside, stop when their loss no longer falls, and take the
        weights of the best epoch. Their loss is computed without noise and dropout.

    validation_fraction : float in (0, 1), default=0.1
        The share of the training rows that is set aside for early stopping, at random.

    n_iter_no_change : int, default=10
        Training stops early after this number of epochs without an improvement. With
        ``max_epochs='auto'`` epochs of less than 20 steps are counted together in the first
        stage.

    tol : float, default=1e-4
        A smaller fall of the validation loss is not an improvement.

    device : str, default='auto'
        The torch device that trains and scores: 'cpu', 'cuda', 'cuda:1', or
        'auto', which takes a CUDA device if there is one and a step has at least 5e7
        multiplications for it, and else the CPU.

    memory : str, path-like or object with the joblib.Memory interface, default=None
        Where to keep trained networks. A fit with the same rows and the same parameters
        takes the network from there. Parameters that do not influence training, such as
        ``contamination``, can then be searched over without training again. It needs a
        fixed ``random_state``.

    random_state : int, RandomState instance or None, default=None
        Governs initialisation, shuffling, the validation split and sampling. Pass an int
        to get the same scores from each fit.

    verbose : int, default=0
        Whether to show a progress bar on stderr while training.

    Attributes
    ----------
    offset_ : float
        The threshold: ``decision_function = score_samples - offset_``.

    mixture_ : :class:`~sklearn.utils.Bunch`
        The mixture in the units of the latent features: ``weights``, ``means`` and
        ``covariances`` of its components.

    network_ : torch.nn.Module
        The trained network, in evaluation mode.

    history_ : list of dict
        For each epoch its number ('epoch'), the mean training loss by part, the same of
        the validation rows ('valid_loss' and so on) with early stopping, and its duration
        ('seconds'). The parts are 'train_loss' in the first stage, and also
        'train_reconstruction', 'train_energy' and 'train_covariance' in the second.

    n_iter_ : int
        The number of epochs of both stages.

    device_ : str
        The torch device in use.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during :term:`fit`. Defined only when `X` has feature
        names that are all strings.

    See Also
    --------
    VAEGMMDetector : The same with a variational autoencoder.
    AEOutlierDetector : The reconstruction error alone.
    sklearn.mixture.GaussianMixture : A mixture over the rows themselves.

    Notes
    -----
    Training has two stages. First the autoencoder learns alone. Then a
    :class:`~sklearn.mixture.GaussianMixture` is fitted to the latent features of at most
    10,000 rows, and both are trained together: an estimation network, one hidden layer of
    ten, learns what to add to the log memberships of this first guess, and the loss is

    .. math:: \mathrm{loss}_\mathrm{AE} + w_E\, E(z)
        + w_C \sum_k \sum_{j \in \mathrm{code}} \Sigma_{kjj}^{-1}

    for a quarter of the epochs, at 0.3 of the learning rate, with the weights
    :math:`\phi_k`, means :math:`\mu_k` and covariances :math:`\Sigma_k` of the
    components that are most likely given the memberships. Last these are computed from all
    training rows in float64. The score is minus the energy in nats,

    .. math:: -E(z) = \log \sum_k \phi_k \, N(z; \mu_k, \Sigma_k)

    This differs from the publication [1]_, where all is trained at once from random
    memberships, mixtures are those of a batch, the inverse variances of all latent features
    are penalised, and nothing is added to the covariances. The energy in the loss is an
    upper bound, tight where memberships are those of the mixture, which makes the estimation
    network learn that they should be. :ref:`What each choice is worth <mixture_ablation>`
    was measured.

    References
    ----------
    .. [1] B. Zong et al., "Deep autoencoding Gaussian mixture model for unsupervised
       anomaly detection", ICLR 2018. https://openreview.net/forum?id=BJJLHbb0-

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.metrics import roc_auc_score
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skvae import AEGMMDetector
    >>> X, benign = load_breast_cancer(return_X_y=True)
    >>> detector = make_pipeline(
    ...     StandardScaler(), AEGMMDetector(contamination=0.05, random_state=0)
    ... )
    >>> detector = detector.fit(X[benign == 1])
    >>> bool(roc_auc_score(benign, detector.score_samples(X)) > 0.9)
    True
    """

    _network_class = MixtureAutoEncoder
    _autoencoder_class = AutoEncoder

    def __init__(
        self,
        *,
        contamination: float | Literal["auto"] = "auto",
        architecture: Any = None,
        latent_dim: int | Literal["auto"] = "auto",
        n_components: int = 4,
        reconstruction_features: Sequence[str | Callable[[Any, Any], Any]] = (
            "relative_euclidean",
            "cosine",
        ),
        reg_covar: float = 0.1,
        energy_weight: float = 0.1,
        covariance_weight: float = 0.005,
        max_epochs: int | Literal["auto"] = "auto",
        batch_size: int | Literal["auto"] = "auto",
        lr: float = 1e-3,
        weight_decay: float = 0.0,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        device: str = "auto",
        memory: str | PathLike[str] | Any = None,
        random_state: int | RandomState | None = None,
        verbose: bool | int = 0,
    ) -> None:
        self.contamination = contamination
        self.architecture = architecture
        self.latent_dim = latent_dim
        self.n_components = n_components
        self.reconstruction_features = reconstruction_features
        self.reg_covar = reg_covar
        self.energy_weight = energy_weight
        self.covariance_weight = covariance_weight
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.lr = lr
        self.weight_decay = weight_decay
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.device = device
        self.memory = memory
        self.random_state = random_state
        self.verbose = verbose


class VAEGMMDetector(_MixtureDetector):
    r"""Outlier detector on a mixture of Gaussians over what a variational autoencoder says.

    As in :class:`~skvae.AEGMMDetector`, with codes that are drawn from a distribution for
    each row: the network learns how precise a code has to be, and the mixture how precise
    it is.

    Parameters
    ----------
    contamination : 'auto' or float in (0, 0.5], default='auto'
        The share of outliers in the training rows, which sets the offset. 'auto' takes
        for outliers what scores more than 1.5 interquartile ranges below the first
        quartile of the training scores, and at least the lowest 1 %. New rows score a
        little lower than training rows, much lower if those are few: see ``calibrate``.

    architecture : object, default=None
        Builds the encoder and the decoder. ``None`` means :class:`~skvae.MLP` at its
        defaults, which also shows how to bring your own modules.

    latent_dim : int or 'auto', default='auto'
        The size of the code. 'auto' is the number of features, at most 32.

    sigma : float of at least 0.001 or 'learned', default='learned'
        The scale of that distribution in the units of ``X``: one for all features, or
        one a feature that is learned. It starts at 1 and falls as fast as ``lr`` allows,
        in 2,000 steps at the defaults to 0.13, and never below 0.001.

    beta : float, default=0.1
        The weight of the divergence in the training loss; 1 is the plain variational
        autoencoder, less lets the code say more.

    samples : int, default=10
        The number of codes, drawn from a row's posterior with the same noise for each row
        at each call, over which the score and the memberships of the row are means. The
        mixture is fitted to as many, with fresh noise.

    n_components : int, default=4
        The number of Gaussians. If the rows have fewer clusters, some share one.

    reconstruction_features : tuple or list, default=('relative_euclidean', 'cosine')
        What joins the code in the latent features, any number of 'euclidean', the
        distance of a row from its reconstruction, 'relative_euclidean', the same divided by
        the length of the row, 'cosine', that of the angle between them, and functions from
        tensors of rows and reconstructions to a tensor of shape (n_rows,).

    reg_covar : float, default=0.1
        Added to the diagonals of the covariances, times the variance of each latent
        feature over all training rows: no Gaussian gets much narrower than all rows
        together, whatever the units.

    energy_weight : float, default=0.1
        The weight of the mean energy in the training loss, the published one.

    covariance_weight : float, default=0.005
        The weight in the training loss of the sum of the inverse variances of the codes,
        which keeps codes from shrinking to a point. The published one, but it is here in
        the units of the codes at the begin of the second stage.

    max_epochs : int or 'auto', default='auto'
        The number of passes over the training rows in the first of two stages, see Notes.
        'auto' is as many as make 2,000 steps, and at least one. The second stage has a
        quarter of the epochs that the first one had.

    batch_size : int or 'auto', default='auto'
        The largest number of rows in a step. 'auto' is 8 for at most 500 rows to train on,
        64 for at most 128,000, and a 2,000th of the rows for more, but at most 256.

    lr : float, default=2e-3
        The learning rate of the first step, from which it falls to zero along a cosine.

    weight_decay : float, default=0.0
        The decoupled weight decay of the optimiser, AdamW.

    early_stopping : bool, default=False
        Whether to set rows aside, stop when their loss no longer falls, and take the
        weights of the best epoch. Their loss is computed without noise and dropout.

    validation_fraction : float in (0, 1), default=0.1
        The share of the training rows that is set aside for early stopping, at random.

    n_iter_no_change : int, default=10
        Training stops early after this number of epochs without an improvement. With
        ``max_epochs='auto'`` epochs of less than 20 steps are counted together in the first
        stage.

    tol : float, default=1e-4
        A smaller fall of the validation loss is not an improvement.

    device : str, default='auto'
        The torch device that trains and scores: 'cpu', 'cuda', 'cuda:1', or
        'auto', which takes a CUDA device if there is one and a step has at least 5e7
        multiplications for it, and else the CPU.

    memory : str, path-like or object with the joblib.Memory interface, default=None
        Where to keep trained networks. A fit with the same rows and the same parameters
        takes the network from there. Parameters that do not influence training, such as
        ``contamination``, can then be searched over without training again. It needs a
        fixed ``random_state``.

    random_state : int, RandomState instance or None, default=None
        Governs initialisation, shuffling, the validation split and sampling. Pass an int
        to get the same scores from each fit.

    verbose : int, default=0
        Whether to show a progress bar on stderr while training.

    Attributes
    ----------
    offset_ : float
        The threshold: ``decision_function = score_samples - offset_``.

    mixture_ : :class:`~sklearn.utils.Bunch`
        The mixture in the units of the latent features: ``weights``, ``means`` and
        ``covariances`` of its components.

    network_ : torch.nn.Module
        The trained network, in evaluation mode.

    history_ : list of dict
        For each epoch its number ('epoch'), the mean training loss by part, the same of
        the validation rows ('valid_loss' and so on) with early stopping, and its duration
        ('seconds'). The parts are 'train_loss', 'train_reconstruction' and
        'train_kl' in the first stage, and also
        'train_energy' and 'train_covariance' in the second.

    n_iter_ : int
        The number of epochs of both stages.

    device_ : str
        The torch device in use.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during :term:`fit`. Defined only when `X` has feature
        names that are all strings.

    See Also
    --------
    AEGMMDetector : The same with a plain autoencoder, which is faster to score with.
    VAEOutlierDetector : The evidence lower bound of the variational autoencoder alone.

    Notes
    -----
    Training has two stages. First the variational autoencoder learns alone. Then a
    :class:`~sklearn.mixture.GaussianMixture` is fitted to the latent features of at most
    10,000 rows, and both are trained together: an estimation network, one hidden layer of
    ten, learns what to add to the log memberships of this first guess, and the loss is

    .. math:: \mathrm{loss}_\mathrm{VAE} + w_E\, E(z)
        + w_C \sum_k \sum_{j \in \mathrm{code}} \Sigma_{kjj}^{-1}

    for a quarter of the epochs, at 0.3 of the learning rate, with the weights
    :math:`\phi_k`, means :math:`\mu_k` and covariances :math:`\Sigma_k` of the
    components that are most likely given the memberships. Last these are computed from all
    training rows in float64. The score is minus the energy in nats,

    .. math:: -E(z) = \log \sum_k \phi_k \, N(z; \mu_k, \Sigma_k)

    This differs from the publication [1]_, where all is trained at once from random
    memberships, mixtures are those of a batch, the inverse variances of all latent features
    are penalised, and nothing is added to the covariances. The energy in the loss is an
    upper bound, tight where memberships are those of the mixture, which makes the estimation
    network learn that they should be. :ref:`What each choice is worth <mixture_ablation>`
    was measured.

    References
    ----------
    .. [1] B. Zong et al., "Deep autoencoding Gaussian mixture model for unsupervised
       anomaly detection", ICLR 2018. https://openreview.net/forum?id=BJJLHbb0-

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.metrics import roc_auc_score
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skvae import VAEGMMDetector
    >>> X, benign = load_breast_cancer(return_X_y=True)
    >>> detector = make_pipeline(
    ...     StandardScaler(), VAEGMMDetector(contamination=0.05, random_state=0)
    ... )
    >>> detector = detector.fit(X[benign == 1])
    >>> bool(roc_auc_score(benign, detector.score_samples(X)) > 0.9)
    True
    """

    _parameter_constraints: dict = {
        **_MixtureDetector._parameter_constraints,
        "sigma": [StrOptions({"learned"}), Interval(Real, MIN_SIGMA, None, closed="left")],
        "beta": [Interval(Real, 0, None, closed="left")],
        "samples": [Interval(Integral, 1, None, closed="left")],
    }
    _network_class = MixtureVAE
    _autoencoder_class = VAE

    def __init__(
        self,
        *,
        contamination: float | Literal["auto"] = "auto",
        architecture: Any = None,
        latent_dim: int | Literal["auto"] = "auto",
        sigma: float | Literal["learned"] = "learned",
        beta: float = 0.1,
        samples: int = 10,
        n_components: int = 4,
        reconstruction_features: Sequence[str | Callable[[Any, Any], Any]] = (
            "relative_euclidean",
            "cosine",
        ),
        reg_covar: float = 0.1,
        energy_weight: float = 0.1,
        covariance_weight: float = 0.005,
        max_epochs: int | Literal["auto"] = "auto",
        batch_size: int | Literal["auto"] = "auto",
        lr: float = 2e-3,
        weight_decay: float = 0.0,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        device: str = "auto",
        memory: str | PathLike[str] | Any = None,
        random_state: int | RandomState | None = None,
        verbose: bool | int = 0,
    ) -> None:
        self.contamination = contamination
        self.architecture = architecture
        self.latent_dim = latent_dim
        self.sigma = sigma
        self.beta = beta
        self.samples = samples
        self.n_components = n_components
        self.reconstruction_features = reconstruction_features
        self.reg_covar = reg_covar
        self.energy_weight = energy_weight
        self.covariance_weight = covariance_weight
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.lr = lr
        self.weight_decay = weight_decay
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.device = device
        self.memory = memory
        self.random_state = random_state
        self.verbose = verbose

    def _autoencoder_arguments(self, input_shape: tuple[int, ...]) -> dict[str, Any]:
        return {
            **super()._autoencoder_arguments(input_shape),
            "likelihood": "gaussian",
            "sigma": None if self.sigma == "learned" else self.sigma,
            "beta": self.beta,
        }

    def _network_arguments(self, input_shape: tuple[int, ...]) -> dict[str, Any]:
        return {**super()._network_arguments(input_shape), "samples": self.samples}
