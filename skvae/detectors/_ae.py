"""The detector on an autoencoder."""

from collections.abc import Sequence
from os import PathLike
from typing import Any, Literal

from numpy.random import RandomState

from skvae.detectors._autoencoder import AutoencoderDetector
from skvae.networks import AE, Network
from skvae.runtime.apply import RowFunction


class AEOutlierDetector(AutoencoderDetector):
    """Outlier detector on the reconstruction error of an autoencoder.

    An autoencoder learns to squeeze rows through a small latent code and to reconstruct them.
    Trained on mostly normal rows, it reconstructs normal rows well and outliers badly. The
    score of a row is minus the sum of its features' squared errors.

    Five parameters matter most: ``contamination`` sets the threshold, ``architecture`` and
    ``latent_dim`` the network, ``max_steps`` the length of the training, and ``random_state``
    makes it repeatable.

    Parameters
    ----------
    contamination : 'auto' or float in (0, 0.5], default='auto'
        The share of outliers in the training rows, which sets the offset. 'auto' counts as
        outliers the rows that score more than 1.5 interquartile ranges below the first quartile
        of the training scores, and at least the lowest 1 %. New rows score a little lower than
        training rows, and much lower if those are few: see ``calibrate``.

    architecture : object, default=None
        The object that builds the encoder and the decoder. ``None`` means :class:`~skvae.MLP`
        at its defaults, whose page also shows how to bring your own modules.

    latent_dim : int or 'auto', default='auto'
        The size of the latent code. 'auto' is the number of features, at most 32.

    top_features : float in (0, 1], default=1.0
        The share of a row's features, those with the lowest scores, that add up to its score. A
        small share finds rows of which only a small part is odd.

    support_fraction : 'auto' or float in [0.5, 1], default='auto'
        The share of the rows of each step that the network learns from: those with the lowest
        losses, rounded up to whole rows. A share below 1 helps if it leaves out more rows than
        there are outliers, and if the network reconstructs these worst [2]_. If all training
        rows are normal, use 1. 'auto' is 0.95 for images, which are rows of more than one axis
        or flat ones with ``Conv2d(image_shape=...)``, and 1 for all others. At 0.95, steps of
        fewer than 20 rows leave none out, so that fits of at most 500 rows with
        ``batch_size='auto'`` learn from all. The loss of held-out rows leaves out the worst
        likewise.

    max_epochs : int or 'auto', default='auto'
        The largest number of passes over the training rows. 'auto' means as many passes as have
        2,000 steps together, and at least one, or no limit if ``max_steps`` is set.

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
        ``random_state``.

    random_state : int, RandomState instance or None, default=None
        The source of all randomness: initialisation, shuffling, held-out rows and draws. An int
        gives the same scores from each fit.

    verbose : int, default=0
        Whether to show a progress bar on stderr while training.

    Attributes
    ----------
    offset_ : float
        The threshold: ``decision_function = score_samples - offset_``.

    network_ : torch.nn.Module
        The trained network, in evaluation mode.

    history_ : list of dict
        The record of each epoch: its number ('epoch'), the mean training loss ('train_loss')
        and its parts ('train_reconstruction'), the same of the held-out rows with early
        stopping ('valid_loss' and so on), what callbacks recorded, and the seconds it took
        ('seconds').

    n_iter_ : int
        The number of epochs.

    device_ : str
        The torch device in use.

    n_features_in_ : int
        Number of features seen during :term:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during :term:`fit`. Defined only when `X` has feature names that
        are all strings.

    See Also
    --------
    VAEOutlierDetector : Scores rows by a probabilistic model instead of a bare error.
    sklearn.ensemble.IsolationForest : Fast, and without a model of the rows.

    Notes
    -----
    A feature with large values dominates the error unless the rows are scaled. With a latent
    code as large as the row, the network can learn to copy, and may copy outliers as well as
    normal rows.

    References
    ----------
    .. [1] M. Sakurada and T. Yairi, "Anomaly detection using autoencoders with nonlinear
       dimensionality reduction", MLSDA 2014. :doi:`10.1145/2689746.2689747`
    .. [2] Y. Shen and S. Sanghavi, "Learning with bad training data via iterative trimmed
       loss minimization", ICML 2019. :doi:`10.48550/arXiv.1810.11874`

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skvae import AEOutlierDetector
    >>> rng = np.random.RandomState(0)
    >>> angle = rng.uniform(0, 2 * np.pi, 1000)
    >>> X = np.c_[np.cos(angle), np.sin(angle)]
    >>> detector = make_pipeline(
    ...     StandardScaler(),
    ...     AEOutlierDetector(latent_dim=1, contamination=0.01, random_state=0),
    ... )
    >>> detector.fit(X).predict([[1.0, 0.0], [0.0, 0.0]])
    array([ 1, -1])
    """

    def __init__(
        self,
        *,
        contamination: float | Literal["auto"] = "auto",
        architecture: Any = None,
        latent_dim: int | Literal["auto"] = "auto",
        top_features: float = 1.0,
        support_fraction: float | Literal["auto"] = "auto",
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
        random_state: int | RandomState | None = None,
        verbose: bool | int = 0,
    ) -> None:
        self.contamination = contamination
        self.architecture = architecture
        self.latent_dim = latent_dim
        self.top_features = top_features
        self.support_fraction = support_fraction
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
        self.random_state = random_state
        self.verbose = verbose

    def _network(self, input_shape: tuple[int, ...]) -> tuple[type[Network], dict[str, Any]]:
        return AE, self._autoencoder_arguments(input_shape)

    def _cell_scores(self) -> RowFunction:
        return self.network_.reconstruction
