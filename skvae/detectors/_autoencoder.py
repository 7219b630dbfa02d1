"""The detector on an autoencoder."""

from numbers import Real
from os import PathLike
from typing import Any, Literal

from numpy.random import RandomState
from sklearn.utils._param_validation import Interval, StrOptions

from skvae.detectors._base import BaseDetector
from skvae.networks import AutoEncoder
from skvae.training.auto import choose_support_fraction


class AEOutlierDetector(BaseDetector):
    """Outlier detector on the reconstruction error of an autoencoder.

    An autoencoder learns to squeeze rows through a small code and to restore them.
    Trained on mostly normal rows, it restores normal rows well and outliers badly. The
    score of a row is minus the sum of its features' squared errors.

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

    top_features : float in (0, 1], default=1.0
        A row is scored by this share of its features, the worst ones. Small shares find
        rows of which only a small part is odd.

    support_fraction : 'auto' or float in [0.5, 1], default='auto'
        The share of the rows of each step, lowest losses first, that the network learns
        from, rounded up to whole rows. Less than 1 helps if there are fewer outliers among
        the training rows than are left out, and if they are restored worst [2]_; if all
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

    lr : float, default=1e-3
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
        For each epoch its number ('epoch'), the mean training loss of the rows that count
        ('train_loss'), the same of the validation rows ('valid_loss') with early stopping,
        and its duration ('seconds').

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
    VAEOutlierDetector : The score of a probabilistic model instead of a bare error.
    sklearn.ensemble.IsolationForest : Fast, and without a model of the rows.

    Notes
    -----
    Training takes the rows as they come: a feature with large values dominates the error
    unless the rows are scaled. With a code as large as the row, the network can learn to
    copy, and outliers may be copied as well as normal rows.

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

    _parameter_constraints: dict = {
        **BaseDetector._parameter_constraints,
        "top_features": [Interval(Real, 0, 1, closed="right")],
        "support_fraction": [StrOptions({"auto"}), Interval(Real, 0.5, 1, closed="both")],
    }
    _network_class = AutoEncoder

    def __init__(
        self,
        *,
        contamination: float | Literal["auto"] = "auto",
        architecture: Any = None,
        latent_dim: int | Literal["auto"] = "auto",
        top_features: float = 1.0,
        support_fraction: float | Literal["auto"] = "auto",
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

    def _network_arguments(self, input_shape: tuple[int, ...]) -> dict[str, Any]:
        return {
            **super()._network_arguments(input_shape),
            "support_fraction": choose_support_fraction(
                self.support_fraction, input_shape, self.architecture
            ),
        }

    def _row_score_arguments(self) -> dict[str, Any]:
        return {"top_features": self.top_features}
