"""The detector on a mixture over an autoencoder."""

from collections.abc import Callable, Sequence
from os import PathLike
from typing import Any, Literal

from numpy.random import RandomState
from numpy.typing import ArrayLike

from skvae.detectors._mixture import MixtureDetector
from skvae.networks import AE, Autoencoder


class AEGMMDetector(MixtureDetector):
    r"""Outlier detector on a mixture of Gaussians over what an autoencoder says.

    The detector describes each row by a few latent features: its latent code, and how far the
    row is from its reconstruction. A mixture of Gaussians is trained together with the
    autoencoder, and the score of a row is the log density of its latent features. Outliers are
    rows that the network reconstructs badly, rows with an unusual latent code, and unusual
    combinations of both. The method is known as deep autoencoding Gaussian mixture model,
    DAGMM [1]_.

    Five parameters matter most: ``contamination`` sets the threshold, ``architecture`` the
    network, ``n_components`` and ``reg_covar`` the mixture, and ``random_state`` makes it
    repeatable.

    Parameters
    ----------
    contamination : 'auto' or float in (0, 0.5], default='auto'
        The share of outliers, which sets the offset. 'auto' counts as outliers the rows that
        score more than 1.5 interquartile ranges below the first quartile of the scores of
        held-out rows, and at least the lowest 1 % of these.

    architecture : object, default=None
        The object that builds the encoder and the decoder. ``None`` means :class:`~skvae.MLP`
        at its defaults, whose page also shows how to bring your own modules.

    n_components : int, default=4
        The number of Gaussians. If the rows have fewer clusters, some Gaussians share one.

    reg_covar : float, default=0.1
        The number that is added to the diagonals of the covariances, times the variance of each
        latent feature over the training rows. It keeps Gaussians from becoming much narrower
        than all rows together, whatever the units.

    random_state : int, RandomState instance or None, default=None
        The source of all randomness: initialisation, shuffling, held-out rows and draws. An int
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

    latent_dim : int or 'auto', default='auto'
        The size of the latent code. 'auto' is the number of features, and of categories, at
        most 32.

    reconstruction_features : tuple or list, default=('relative_euclidean', 'cosine')
        The features that join the latent code. 'euclidean' is the distance of a row from its
        reconstruction, 'relative_euclidean' the same divided by the length of the row, and
        'cosine' the cosine of the angle between them. In these two, row and reconstruction have
        one more coordinate, as large as a standardised row is long, since a row near the origin
        has no direction. A function is called with tensors of rows and reconstructions, and
        returns a tensor of shape (n_rows,).

    energy_weight : float, default=0.1
        The weight of the mean energy in the training loss, as published.

    covariance_weight : float, default=0.005
        The weight in the training loss of the sum of the inverse variances of the latent codes,
        which keeps codes from shrinking to a point. The weight is the published one, but in the
        units of the latent codes when the second stage begins.

    max_epochs : int or 'auto', default='auto'
        The largest number of passes over the training rows. 'auto' means as many passes as have
        2,000 steps together, at least one and at most 500, or no limit if ``max_steps`` is set.

    max_steps : int or 'auto', default='auto'
        The largest number of steps, each on one batch of rows. Training ends within a pass if
        need be. 'auto' means as many as ``max_epochs`` passes have. More steps can hurt: the
        network learns to reconstruct outliers too.

    batch_size : int or 'auto', default='auto'
        The largest number of rows in a step. 'auto' is 8 for at most 500 training rows, 64 for
        at most 128,000, and a 2,000th of the rows for more, but at most 256.

    lr : float, default=1e-3
        The learning rate of the first step. It falls to zero along a cosine.

    weight_decay : float, default=0.0
        The decoupled weight decay of the optimiser, AdamW.

    early_stopping : bool, default=False
        Whether to hold rows out, stop when their loss no longer falls, and return to the
        weights of the best epoch. Their loss is computed without noise and dropout.

    validation_fraction : float in (0, 1), default=0.1
        The share of the training rows, drawn at random, that is held out for early stopping.

    n_iter_no_change : int, default=10
        The number of epochs without an improvement after which training stops early. With
        ``max_epochs='auto'``, epochs of fewer than 20 steps are counted together.

    tol : float, default=1e-4
        The smallest fall of the loss of held-out rows that is an improvement.

    callbacks : list, default=None
        The `skorch callbacks <https://skorch.readthedocs.io/en/stable/callbacks.html>`_ that
        are called while the network is trained, for instance to save checkpoints;
        :ref:`callbacks` shows more. A fit with callbacks does not use ``memory``.

    device : str, default='auto'
        The torch device that trains and scores: 'cpu', 'cuda', 'cuda:1', 'mps' or 'auto'.
        'auto' is a CUDA device if there is one and a step has at least 5e7 multiplications for
        it, and else the CPU.

    memory : str, path-like or object with the joblib.Memory interface, default=None
        The place where trained networks are kept. A fit with the same rows and the same
        parameters uses the network from there. A search over parameters that do not influence
        training, such as ``contamination``, then trains once. It needs an int as
        ``random_state``. What is kept are pickles, so that others must not be able to write there.

    checkpoint : str or path-like, default=None
        The folder that keeps the state of the training until ``fit`` is done: every 10 seconds at
        the end of an epoch, and after Ctrl-C. An equal ``fit`` then goes on from it, and ends as if
        it had not been interrupted. It needs an int as ``random_state``, and does not work with
        ``callbacks``.

    verbose : int, default=0
        Whether to show a progress bar on stderr while training.

    Attributes
    ----------
    offset_ : float
        The threshold: ``decision_function = score_samples - offset_``.

    held_out_scores_ : ndarray of shape (n_held_out,)
        The scores that some or all training rows have as new rows, from models that did not
        learn them.

    held_out_indices_ : ndarray of shape (n_held_out,) of int
        Which training rows these are.

    mixture_ : :class:`~sklearn.utils.Bunch`
        The mixture in the units of the latent features: ``weights``, ``means`` and
        ``covariances`` of its components.

    network_ : torch.nn.Module
        The trained network, in evaluation mode.

    history_ : list of dict
        The record of each epoch: its number ('epoch'), the mean training loss ('train_loss')
        and its parts ('train_reconstruction'), the same of the held-out rows with early
        stopping ('valid_loss' and so on), what callbacks recorded, and the seconds it took
        ('seconds'). In the second of two stages, see Notes, 'train_energy' and
        'train_covariance' are further parts.

    n_iter_ : int
        The number of epochs.

    n_samples_seen_ : int
        The number of rows of a stream. Defined only after ``partial_fit``.

    device_ : str
        The torch device in use.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during :term:`fit`. Defined only when `X` has feature names that
        are all strings.

    See Also
    --------
    VAEGMMDetector : Uses a variational autoencoder instead.
    AEOutlierDetector : Scores rows by the reconstruction error alone.
    sklearn.mixture.GaussianMixture : Fits a mixture to the rows themselves.

    Notes
    -----
    Training has two stages. First the autoencoder learns alone, as long as ``max_epochs`` and
    ``max_steps`` say. Then a mixture of Gaussians is fitted to the latent features of at most
    10,000 rows by expectation maximisation, and both are trained together: an estimation
    network with one hidden layer of ten learns what to add to the log memberships of this first
    guess. The loss is

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
    was measured. Callbacks are called in both stages. 'mps' has no float64, and is refused.

    References
    ----------
    .. [1] B. Zong et al., "Deep autoencoding Gaussian mixture model for unsupervised
       anomaly detection", ICLR 2018. https://openreview.net/forum?id=BJJLHbb0-

    Examples
    --------
    Benign tumours are the normal rows, and most malignant ones are outliers:

    >>> import numpy as np
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skvae import AEGMMDetector
    >>> from skvae.inspection import explain
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> benign, malignant = X[y == 1], X[y == 0]
    >>> detector = AEGMMDetector(max_steps=500, random_state=0).fit(benign[:300])
    >>> np.mean(detector.predict(malignant) == -1).round(1)
    np.float64(0.8)
    >>> explain(detector, malignant[:1], top=1)[["column", "direction"]]
           column direction
    0  area error     above
    """

    def __init__(
        self,
        *,
        contamination: float | Literal["auto"] = "auto",
        threshold: Literal["auto", "training", "held_out"] = "auto",
        categorical_features: ArrayLike | Literal["from_dtype"] | None = "from_dtype",
        standardize: bool | Literal["auto"] = "auto",
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
        max_steps: int | Literal["auto"] = "auto",
        batch_size: int | Literal["auto"] = "auto",
        lr: float = 1e-3,
        weight_decay: float = 0.0,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        callbacks: Sequence[Any] | None = None,
        device: str = "auto",
        memory: str | PathLike[str] | Any = None,
        checkpoint: str | PathLike[str] | None = None,
        random_state: int | RandomState | None = None,
        verbose: bool | int = 0,
    ) -> None:
        self.contamination = contamination
        self.threshold = threshold
        self.categorical_features = categorical_features
        self.standardize = standardize
        self.architecture = architecture
        self.latent_dim = latent_dim
        self.n_components = n_components
        self.reconstruction_features = reconstruction_features
        self.reg_covar = reg_covar
        self.energy_weight = energy_weight
        self.covariance_weight = covariance_weight
        self.max_epochs = max_epochs
        self.max_steps = max_steps
        self.batch_size = batch_size
        self.lr = lr
        self.weight_decay = weight_decay
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.callbacks = callbacks
        self.device = device
        self.memory = memory
        self.checkpoint = checkpoint
        self.random_state = random_state
        self.verbose = verbose

    def _autoencoder(self) -> Callable[..., Autoencoder]:
        return AE
