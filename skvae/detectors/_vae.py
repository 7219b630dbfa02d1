"""The detector on a variational autoencoder."""

from collections.abc import Sequence
from functools import partial
from numbers import Integral, Real
from os import PathLike
from typing import Any, ClassVar, Literal

from numpy.random import RandomState
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from skvae._sklearn import Interval, StrOptions, validate_parameter_constraints
from skvae.detectors._autoencoder import AutoencoderDetector
from skvae.likelihoods import MAX_SIGMA, MIN_SIGMA, Gaussian, LocationScale, StudentT
from skvae.networks import VAE, Network, auto_beta
from skvae.runtime.apply import RowFunction
from skvae.runtime.sampling import sample_network

LIKELIHOODS: dict[str, type[LocationScale]] = {"student_t": StudentT, "gaussian": Gaussian}


class VAEOutlierDetector(AutoencoderDetector):
    r"""Outlier detector on the evidence lower bound of a variational autoencoder.

    A variational autoencoder is a probabilistic model of the rows. Its score, the evidence
    lower bound (ELBO), is low for rows that the network reconstructs badly, and for rows with
    an unusual latent code.

    Five parameters matter most: ``contamination`` sets the threshold, ``architecture`` the
    network, ``max_steps`` the length of the training, ``score_type`` what counts as odd, and
    ``random_state`` makes it repeatable.

    Parameters
    ----------
    contamination : 'auto' or float in (0, 0.5], default='auto'
        The share of outliers, which sets the offset. 'auto' counts as outliers the rows that
        score more than 1.5 interquartile ranges below the first quartile of the scores of
        held-out rows, and at least the lowest 1 % of these.

    architecture : object, default=None
        The object that builds the encoder and the decoder. ``None`` means :class:`~skvae.MLP`
        at its defaults, whose page also shows how to bring your own modules.

    max_steps : int or 'auto', default='auto'
        The largest number of steps, each on one batch of rows. Training ends within a pass if
        need be. 'auto' means as many as ``max_epochs`` passes have. More steps can hurt: the
        network learns to reconstruct outliers too.

    score_type : {'elbo', 'reconstruction', 'reconstruction_probability'}, default='elbo'
        The kind of score, see Notes. It can be changed after ``fit``; call ``calibrate``
        afterwards.

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

    likelihood : {'student_t', 'gaussian'}, default='student_t'
        The distribution of a feature around its reconstruction. Student's t, here with three
        degrees of freedom, has heavy tails: a single large error does not outweigh all others,
        neither in training nor in the score [4]_.

    sigma : float from 0.001 to 1e12 or 'learned', default='learned'
        The scale of the distribution of a feature around its reconstruction, in the units of
        what the network sees: standardised columns of tables, and images and curves as they are.
        A float is used for all features. 'learned' learns a scale for each feature: it starts at
        1, can fall to 0.13 in the 2,000 steps of the default training, and never
        falls below 0.001.

    beta : float or 'auto', default='auto'
        The weight of the Kullback-Leibler divergence in the training loss. The plain
        variational autoencoder has a weight of 1. With a smaller one the latent codes hold
        more, and the network reconstructs rows more closely. 'auto' is 0.1 for numbers and 1 for
        words, and for a table of both the mean over its columns.

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

    lr : float, default=2e-3
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
        and its parts ('train_reconstruction' and 'train_kl'), the same of the held-out rows
        with early stopping ('valid_loss' and so on), what callbacks recorded, and the seconds
        it took ('seconds').

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
    AEOutlierDetector : Scores rows by the plain reconstruction error of an autoencoder.
    sklearn.ensemble.IsolationForest : Fast, and without a model of the rows.

    Notes
    -----
    With the posterior :math:`q(z | x) = N(\mu, s^2)` of a row's latent code and the prior
    :math:`p(z) = N(0, 1)`, the scores are

    'elbo'
        :math:`\log p(x | z = \mu) - \mathrm{KL}(q(z | x) \,\|\, p(z))` in nats [1]_, summed
        over features and over the latent code, with a weight of 1 whatever ``beta`` [5]_. The
        likelihood is that at the posterior mean, and not averaged over the posterior, so
        the score is an estimate, and no strict bound. In ``feature_scores`` each feature
        bears an equal share of the divergence.
    'reconstruction'
        Minus the squared error of the reconstruction from :math:`\mu`, summed over
        features, in squared units of what the network sees: standardised columns of tables,
        and images and curves as they are.
    'reconstruction_probability'
        The mean of :math:`\log p(x | z)` over 16 draws from :math:`q(z | x)` [3]_, in nats.

    No score has fresh randomness: the 16 draws use the same noise for every row at every
    call.

    References
    ----------
    .. [1] D. P. Kingma and M. Welling, "Auto-encoding variational Bayes", ICLR 2014.
       :doi:`10.48550/arXiv.1312.6114`
    .. [2] Y. Shen and S. Sanghavi, "Learning with bad training data via iterative trimmed
       loss minimization", ICML 2019. :doi:`10.48550/arXiv.1810.11874`
    .. [3] J. An and S. Cho, "Variational autoencoder based anomaly detection using
       reconstruction probability", SNU Data Mining Center, technical report, 2015.
    .. [4] H. Takahashi et al., "Student-t variational autoencoder for robust density
       estimation", IJCAI 2018. :doi:`10.24963/ijcai.2018/374`
    .. [5] I. Higgins et al., "beta-VAE: learning basic visual concepts with a constrained
       variational framework", ICLR 2017.

    Examples
    --------
    Benign tumours are the normal rows. Most malignant ones are outliers, and ``explain`` names
    the measurement that made the first of them one:

    >>> import numpy as np
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skvae import VAEOutlierDetector
    >>> from skvae.inspection import explain
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> benign, malignant = X[y == 1], X[y == 0]
    >>> detector = VAEOutlierDetector(max_steps=500, random_state=0).fit(benign)
    >>> np.mean(detector.predict(malignant) == -1).round(1)
    np.float64(0.9)
    >>> explain(detector, malignant[:1], top=1)[["column", "direction"]]
           column direction
    0  area error     above

    A threshold that flags at most 1 % of new benign tumours finds fewer:

    >>> detector = detector.calibrate(false_positive_rate=0.01)
    >>> np.mean(detector.predict(malignant) == -1).round(1)
    np.float64(0.6)
    """

    _parameter_constraints: dict = {
        **AutoencoderDetector._parameter_constraints,
        "likelihood": [StrOptions(set(LIKELIHOODS))],
        "sigma": [StrOptions({"learned"}), Interval(Real, MIN_SIGMA, MAX_SIGMA, closed="both")],
        "beta": [StrOptions({"auto"}), Interval(Real, 0, None, closed="left")],
        "score_type": [StrOptions({"elbo", "reconstruction", "reconstruction_probability"})],
    }

    _scored_by: ClassVar[tuple[str, ...]] = ("score_type", "top_features")

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
        likelihood: Literal["student_t", "gaussian"] = "student_t",
        sigma: float | Literal["learned"] = "learned",
        beta: float | Literal["auto"] = "auto",
        score_type: Literal["elbo", "reconstruction", "reconstruction_probability"] = "elbo",
        top_features: float = 1.0,
        support_fraction: float | Literal["auto"] = "auto",
        max_epochs: int | Literal["auto"] = "auto",
        max_steps: int | Literal["auto"] = "auto",
        batch_size: int | Literal["auto"] = "auto",
        lr: float = 2e-3,
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
        self.likelihood = likelihood
        self.sigma = sigma
        self.beta = beta
        self.score_type = score_type
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

    def sample(self, n_samples: int = 1) -> Any:
        """Draw rows from the model: latent codes from the prior, decoded, with noise.

        They resemble the rows that the network learned from: with ``support_fraction``
        below 1, rare ones may be missing.

        Parameters
        ----------
        n_samples : int, default=1
            The number of rows.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features) of float32, or frame
            The rows, in the units of those of ``fit``, and a frame if these were one. An int as
            ``random_state`` gives the same rows at each call.
        """
        check_is_fitted(self)
        validate_parameter_constraints(
            {"n_samples": [Interval(Integral, 1, None, closed="left")]},
            {"n_samples": n_samples},
            caller_name="sample",
        )
        rows = sample_network(self.network_, n_samples, seed=self._seed(), device=self.device_)
        return rows if self._table is None else self._table.values(rows)

    def _network(self, input_shape: tuple[int, ...]) -> tuple[type[Network], dict[str, Any]]:
        sigma = None if self.sigma == "learned" else float(self.sigma)
        arguments = self._autoencoder_arguments(input_shape)
        return VAE, {
            **arguments,
            "likelihood": partial(LIKELIHOODS[self.likelihood], sigma=sigma),
            "beta": auto_beta(arguments["columns"]) if self.beta == "auto" else float(self.beta),
        }

    def _cell_scores(self, network: VAE) -> dict[str, RowFunction]:
        return {
            "elbo": network.elbo,
            "reconstruction": network.reconstruction,
            "reconstruction_probability": network.reconstruction_probability,
        }

    def _kind(self) -> str:
        self._validated({"score_type": self.score_type})
        return self.score_type
