"""The detector on an autoencoder."""

from collections.abc import Sequence
from functools import partial
from numbers import Integral, Real
from os import PathLike
from typing import Any, Literal

from numpy.random import RandomState
from numpy.typing import ArrayLike

from skvae._sklearn import Interval, StrOptions
from skvae.architectures import Conv1d, Conv2d
from skvae.detectors._autoencoder import AutoencoderDetector
from skvae.likelihoods import StudentT
from skvae.networks import AE, MaskedAE, Network
from skvae.runtime.apply import RowFunction

MASKED_FRACTION = 0.35


class AEOutlierDetector(AutoencoderDetector):
    r"""Outlier detector on how well an autoencoder predicts some features of a row from others.

    Of the rows of a table the network sees some features only, and learns to tell the hidden
    ones [1]_. It cannot copy what it cannot see, so that it has to learn how features depend on
    one another, and an outlier in the training rows teaches it little. A row scores low if its
    features contradict one another. Images, and rows of more than 200 features, are
    reconstructed from all of their values: those that a small latent code cannot hold are
    odd [3]_.

    Five parameters matter most: ``contamination`` sets the threshold, ``architecture`` the
    network, ``masked_fraction`` how much is hidden, ``max_steps`` the length of the training,
    and ``random_state`` makes it repeatable.

    Parameters
    ----------
    contamination : 'auto' or float in (0, 0.5], default='auto'
        The share of outliers, which sets the offset. 'auto' counts as outliers the rows that
        score more than 1.5 interquartile ranges below the first quartile of the scores of
        held-out rows, and at least the lowest 1 % of these.

    architecture : object, default=None
        The object that builds the encoder and the decoder. ``None`` means :class:`~skvae.MLP`
        at its defaults, whose page also shows how to bring your own modules.

    masked_fraction : 'auto' or float in [0, 1), default='auto'
        The mean share of a row's features that are hidden from the network in training. The
        share of each row is drawn evenly between 0 and twice this, or, above a half, between
        as much more and less. 'auto' is 0.35 for tables, which are rows of one axis and of at
        most 200 features with :class:`~skvae.MLP`, and 0 for all others: a hidden point of a
        curve or an image follows from its neighbours. With 0 nothing is hidden, and the score is
        the reconstruction error.

    max_steps : int or 'auto', default='auto'
        The largest number of steps, each on one batch of rows. Training ends within a pass if
        need be. 'auto' means as many as ``max_epochs`` passes have. More steps can hurt: the
        network learns to reconstruct outliers too.

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

    n_estimators : int or 'auto', default='auto'
        The number of networks, whose mean scores a row. Each is trained without one fold of the
        rows, so that every training row has a score as a new row. One network alone leaves out
        a tenth of the rows for that, but at most 10,000, and of fewer than 3,000 rows up to 300
        or a third. 'auto' is 3 for tables of at most 5,000 rows and 200 features with
        :class:`~skvae.MLP`, and 1 for all others. By default each of three takes about 1,640
        steps at 1.22 times the rate of one.

    n_partitions : int, default=1
        How many times the features of a row are divided at random into four groups, the same
        for all rows, to score it. Each group is hidden once, so that a row takes four passes
        through the network for each division.

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
        2,000 steps together, at least one and at most 500, or no limit if ``max_steps`` is set.

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

    network_ : torch.nn.Module
        The trained network, in evaluation mode.

    history_ : list of dict
        The record of each epoch: its number ('epoch'), the mean training loss ('train_loss')
        and its parts ('train_reconstruction'), the same of the held-out rows with early
        stopping ('valid_loss' and so on), what callbacks recorded, and the seconds it took
        ('seconds').

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
    VAEOutlierDetector : Sees unusual combinations that are far from all normal rows.
    EnsembleOutlierDetector : Joins both.
    sklearn.ensemble.IsolationForest : Fast, and without a model of the rows.

    Notes
    -----
    With hidden features the score is

    .. math:: \frac{1}{m} \sum_{i=1}^{m} \sum_{G \in P_i} \sum_{j \in G}
        \log p(x_j \,|\, x_{\setminus G})

    in nats, with ``n_partitions`` divisions :math:`P_i` of the features into groups :math:`G`.
    The distribution of a hidden feature is Student's t with three degrees of freedom, and the
    network tells its location and its scale. ``reconstruct`` returns the locations, what each
    feature should be given the others. With ``masked_fraction=0`` the score is minus the
    squared error of the reconstruction, summed over features, in squared units of what the
    network sees: standardised columns of tables, and images and curves as they are. Then a
    feature with large values dominates, and with a latent code as large as the row the network
    can learn to copy outliers as well as normal rows.

    References
    ----------
    .. [1] K. He et al., "Masked autoencoders are scalable vision learners", CVPR 2022.
       :doi:`10.1109/CVPR52688.2022.01553`
    .. [2] Y. Shen and S. Sanghavi, "Learning with bad training data via iterative trimmed
       loss minimization", ICML 2019. :doi:`10.48550/arXiv.1810.11874`
    .. [3] M. Sakurada and T. Yairi, "Anomaly detection using autoencoders with nonlinear
       dimensionality reduction", MLSDA 2014. :doi:`10.1145/2689746.2689747`

    Examples
    --------
    Each of the two features of an outlier is ordinary, but they contradict each other:

    >>> import numpy as np
    >>> from skvae import AEOutlierDetector
    >>> rng = np.random.RandomState(0)
    >>> x = rng.normal(size=1000)
    >>> X = np.c_[x, np.sin(2 * x) + 0.1 * rng.normal(size=1000)]
    >>> detector = AEOutlierDetector(contamination=0.01, random_state=0).fit(X)
    >>> detector.predict([[1.0, 0.9], [1.0, -0.9]])
    array([ 1, -1])
    >>> detector.reconstruct([[1.0, -0.9]]).round(1)[0, 1]
    np.float32(0.9)
    """

    _parameter_constraints: dict = {
        **AutoencoderDetector._parameter_constraints,
        "masked_fraction": [StrOptions({"auto"}), Interval(Real, 0, 1, closed="left")],
        "n_partitions": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        *,
        contamination: float | Literal["auto"] = "auto",
        threshold: Literal["auto", "training", "held_out"] = "auto",
        categorical_features: ArrayLike | Literal["from_dtype"] | None = "from_dtype",
        standardize: bool | Literal["auto"] = "auto",
        architecture: Any = None,
        latent_dim: int | Literal["auto"] = "auto",
        n_estimators: int | Literal["auto"] = "auto",
        masked_fraction: float | Literal["auto"] = "auto",
        n_partitions: int = 1,
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
        self.n_estimators = n_estimators
        self.masked_fraction = masked_fraction
        self.n_partitions = n_partitions
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
        self.checkpoint = checkpoint
        self.random_state = random_state
        self.verbose = verbose

    def _network(self, input_shape: tuple[int, ...]) -> tuple[type[Network], dict[str, Any]]:
        arguments = self._autoencoder_arguments(input_shape)
        masked_fraction = self.masked_fraction
        if masked_fraction == "auto":
            masked_fraction = MASKED_FRACTION if self._are_tables(input_shape) else 0.0
        if masked_fraction == 0:
            return AE, arguments
        if len(input_shape) > 1:
            raise ValueError(
                f"masked_fraction={masked_fraction} needs rows of one axis, but X has rows of "
                f"shape {input_shape}. Use masked_fraction=0."
            )
        architecture = self._architecture()
        if isinstance(architecture, Conv1d | Conv2d):
            raise ValueError(
                f"masked_fraction={masked_fraction} hides columns of a table, but "
                f"{type(architecture).__name__} takes neighbouring points. Use masked_fraction=0."
            )
        return MaskedAE, {
            **arguments,
            "likelihood": partial(StudentT, heteroscedastic=True),
            "masked_fraction": float(masked_fraction),
            "n_partitions": self.n_partitions,
        }

    def _cell_scores(self, network: Any) -> dict[str, RowFunction]:
        return {"only": network.cell_scores}
