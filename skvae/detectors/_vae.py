"""The detector on a variational autoencoder."""

from collections.abc import Callable
from numbers import Integral, Real
from os import PathLike
from typing import Any, Literal

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, StrOptions, validate_parameter_constraints
from sklearn.utils.validation import check_is_fitted

from skvae.detectors._base import BaseDetector
from skvae.networks import VAE
from skvae.networks.vae import LIKELIHOODS, MIN_SIGMA, SCORES
from skvae.training.auto import choose_support_fraction
from skvae.training.sampling import sample_network


class _MethodAndParameter:
    """scikit-learn's method ``score``, and a parameter of the same name.

    What is assigned, by the constructor or ``set_params``, is the parameter, which
    ``get_params`` gives back; what is called is the method.
    """

    def __init__(self, method: Callable[..., float]) -> None:
        self.method = method

    def __get__(self, detector: Any, owner: type | None = None) -> Any:
        return self.method.__get__(detector, owner)

    def __set__(self, detector: Any, value: str) -> None:
        vars(detector)["score"] = value


class VAEOutlierDetector(BaseDetector):
    r"""Outlier detector on the evidence lower bound of a variational autoencoder.

    A variational autoencoder is a probabilistic model of the rows. Its score, the
    evidence lower bound (ELBO), is low for rows that are badly restored from their code,
    and for rows whose code is unusual.

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

    likelihood : {'student_t', 'gaussian'}, default='student_t'
        The distribution of a feature around its reconstruction. The heavy tails of
        Student's t, here with three degrees of freedom, keep single large errors from
        drowning everything else, in training and in the score [4]_.

    sigma : float of at least 0.001 or 'learned', default='learned'
        The scale of that distribution in the units of ``X``: one for all features, or
        one a feature that is learned. It starts at 1 and falls as fast as ``lr`` allows,
        in 2,000 steps at the defaults to 0.13, and never below 0.001.

    beta : float, default=0.1
        The weight of the divergence in the training loss; 1 is the plain variational
        autoencoder, less lets the code say more. The score has it at 1.

    score : {'elbo', 'reconstruction', 'reconstruction_probability'}, default='elbo'
        What a row is scored by, see Notes. It can be changed after ``fit``; follow with
        ``calibrate``.

    top_features : float in (0, 1], default=1.0
        A row is scored by this share of its features, the worst ones. Small shares find
        rows of which only a small part is odd.

    support_fraction : 'auto' or float in [0.5, 1], default='auto'
        The share of the rows of each step, lowest losses first, that the network learns
        from, rounded up to whole rows. Less than 1 helps if there are fewer outliers among
        the training rows than are left out, and if they are restored worst [5]_; if all
        rows are normal, take 1. 'auto' is 0.95 for images, that is rows of more than one
        axis or with ``Conv2d(image_shape=...)``, and 1 for others. At 0.95 steps of less
        than 20 rows, and so fits of at most 500 rows with ``batch_size='auto'``, leave
        none out.

    max_epochs : int or 'auto', default='auto'
        The number of passes over the training rows. 'auto' is as many as make 2,000
        steps, and at least one. More of them can hurt: the network learns to restore
        outliers too.

    batch_size : int or 'auto', default='auto'
        The largest number of rows in a step. 'auto' is 8 for at most 500 rows to train on,
        64 for at most 128,000, and a 2,000th of the rows for more, but at most 256.

    lr : float, default=2e-3
        The learning rate of the first step, from which it falls to zero along a cosine.

    weight_decay : float, default=0.0
        The decoupled weight decay of the optimiser, AdamW.

    early_stopping : bool, default=False
        Whether to set rows aside, stop when their loss no longer falls, and take the
        weights of the best epoch. Their loss is computed without noise and dropout,
        and without the worst of them, as in training.

    validation_fraction : float in (0, 1), default=0.1
        The share of the training rows that is set aside for early stopping, at random.

    n_iter_no_change : int, default=10
        Training stops early after this number of epochs without an improvement. With
        ``max_epochs='auto'`` epochs of less than 20 steps are counted together.

    tol : float, default=1e-4
        A smaller fall of the validation loss is not an improvement.

    device : str, default='auto'
        The torch device that trains and scores: 'cpu', 'cuda', 'cuda:1', 'mps', or
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

    network_ : torch.nn.Module
        The trained network, in evaluation mode.

    history_ : list of dict
        For each epoch its number ('epoch'), the mean training loss of the rows that count,
        by part ('train_loss', 'train_reconstruction', 'train_kl'), the same of the
        validation rows ('valid_loss' and so on) with early stopping, and its duration
        ('seconds').

    n_iter_ : int
        The number of epochs.

    device_ : str
        The torch device in use.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during :term:`fit`. Defined only when `X` has feature
        names that are all strings.

    See Also
    --------
    AEOutlierDetector : The plain reconstruction error of an autoencoder.
    sklearn.ensemble.IsolationForest : Fast, and without a model of the rows.

    Notes
    -----
    With the posterior :math:`q(z | x) = N(\mu, s^2)` of a row's code and the prior
    :math:`p(z) = N(0, 1)`, the scores are

    'elbo'
        :math:`\log p(x | z = \mu) - \mathrm{KL}(q(z | x) \,\|\, p(z))` in nats, summed
        over features and over the code. With the likelihood at the posterior mean and
        not averaged over the posterior it is an estimate, and no strict bound. In
        ``feature_scores`` each feature bears an equal share of the divergence.
    'reconstruction'
        Minus the squared error of the reconstruction from :math:`\mu`, summed over
        features, in squared units of ``X``.
    'reconstruction_probability'
        The mean of :math:`\log p(x | z)` over 16 draws from :math:`q(z | x)` [2]_, in nats.

    No score has fresh randomness: the 16 draws use the same noise for every row at every
    call.

    References
    ----------
    .. [1] D. P. Kingma and M. Welling, "Auto-encoding variational Bayes", ICLR 2014.
       :doi:`10.48550/arXiv.1312.6114`
    .. [2] J. An and S. Cho, "Variational autoencoder based anomaly detection using
       reconstruction probability", SNU Data Mining Center, technical report, 2015.
    .. [3] I. Higgins et al., "beta-VAE: learning basic visual concepts with a constrained
       variational framework", ICLR 2017.
    .. [4] H. Takahashi et al., "Student-t variational autoencoder for robust density
       estimation", IJCAI 2018. :doi:`10.24963/ijcai.2018/374`
    .. [5] Y. Shen and S. Sanghavi, "Learning with bad training data via iterative trimmed
       loss minimization", ICML 2019. :doi:`10.48550/arXiv.1810.11874`

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.metrics import roc_auc_score
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skvae import VAEOutlierDetector
    >>> X, benign = load_breast_cancer(return_X_y=True)
    >>> detector = make_pipeline(
    ...     StandardScaler(), VAEOutlierDetector(contamination=0.05, random_state=0)
    ... )
    >>> detector = detector.fit(X[benign == 1])
    >>> bool(roc_auc_score(benign, detector.score_samples(X)) > 0.9)
    True
    """

    _parameter_constraints: dict = {
        **BaseDetector._parameter_constraints,
        "likelihood": [StrOptions(set(LIKELIHOODS))],
        "sigma": [StrOptions({"learned"}), Interval(Real, MIN_SIGMA, None, closed="left")],
        "beta": [Interval(Real, 0, None, closed="left")],
        "score": [StrOptions(set(SCORES))],
        "top_features": [Interval(Real, 0, 1, closed="right")],
        "support_fraction": [StrOptions({"auto"}), Interval(Real, 0.5, 1, closed="both")],
    }
    _network_class = VAE

    def __init__(
        self,
        *,
        contamination: float | Literal["auto"] = "auto",
        architecture: Any = None,
        latent_dim: int | Literal["auto"] = "auto",
        likelihood: Literal["student_t", "gaussian"] = "student_t",
        sigma: float | Literal["learned"] = "learned",
        beta: float = 0.1,
        score: Literal["elbo", "reconstruction", "reconstruction_probability"] = "elbo",
        top_features: float = 1.0,
        support_fraction: float | Literal["auto"] = "auto",
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
        self.likelihood = likelihood
        self.sigma = sigma
        self.beta = beta
        self.score = score
        self.top_features = top_features
        self.support_fraction = support_fraction
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

    score = _MethodAndParameter(BaseDetector.score)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Get the parameters of this detector.

        Parameters
        ----------
        deep : bool, default=True
            Whether to add those of the architecture.

        Returns
        -------
        params : dict
            Parameter names and their values.
        """
        return {**super().get_params(deep), "score": vars(self)["score"]}

    def sample(self, n_samples: int = 1) -> NDArray[np.float32]:
        """Draw rows from the model: codes from the prior, decoded, with observation noise.

        They resemble the rows that the network learned from: with ``support_fraction``
        below 1, rare ones may be missing.

        Parameters
        ----------
        n_samples : int, default=1
            The number of rows.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features) of float32
            The rows. An int as ``random_state`` gives the same rows at each call.
        """
        check_is_fitted(self)
        validate_parameter_constraints(
            {"n_samples": [Interval(Integral, 1, None, closed="left")]},
            {"n_samples": n_samples},
            caller_name="sample",
        )
        return sample_network(self.network_, n_samples, seed=self._seed(), device=self.device_)

    def _network_arguments(self, input_shape: tuple[int, ...]) -> dict[str, Any]:
        return {
            **super()._network_arguments(input_shape),
            "likelihood": self.likelihood,
            "sigma": None if self.sigma == "learned" else self.sigma,
            "beta": self.beta,
            "support_fraction": choose_support_fraction(
                self.support_fraction, input_shape, self.architecture
            ),
        }

    def _score_arguments(self) -> dict[str, Any]:
        return {"score": vars(self)["score"]}

    def _row_score_arguments(self) -> dict[str, Any]:
        return {"top_features": self.top_features, **self._score_arguments()}
