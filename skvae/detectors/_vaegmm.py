"""The detector on a mixture over a variational autoencoder."""

from collections.abc import Callable, Sequence
from numbers import Integral, Real
from os import PathLike
from typing import Any, Literal

from numpy.random import RandomState
from sklearn.utils._param_validation import Interval, StrOptions

from skvae.detectors._mixture import MixtureDetector
from skvae.networks import VAE, MixtureVAE
from skvae.networks.vae import MIN_SIGMA


class VAEGMMDetector(MixtureDetector):
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
        **MixtureDetector._parameter_constraints,
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
