"""A detector on a network that goes on learning from a stream."""

import math
import warnings
from dataclasses import replace
from typing import Any, Self

import numpy as np
from numpy.random import RandomState
from numpy.typing import ArrayLike, NDArray

from skvae._sklearn import fit_context
from skvae.detectors._network import NetworkDetector
from skvae.failures import undone_on_failure
from skvae.rows import Remembered, held_out_rows, in_given_order, learn_table
from skvae.runtime.recipe import weights_of

# So many rows say what is normal now, and so many more what new ones score.
N_LEARNED, N_LEFT_OUT = 10_000, 1000
LEFT_OUT_SHARE = 0.1
# If all remembered rows are new. More steps from call to call learn outliers too.
STEPS = 1000


class StreamDetector(NetworkDetector):
    """A detector that can be fitted again and again, to the next rows of a stream."""

    n_samples_seen_: int
    _learns_gaps: bool
    _learned: Remembered
    _left_out: Remembered

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: ArrayLike, y: Any = None) -> Self:
        """Learn from the next rows of a stream, and move the threshold with them.

        The first call is like ``fit``, with one network, and learns which columns there are and
        which words they hold. Each further call goes on from there: parameters that shape the
        network, such as ``latent_dim``, are those of the first one.

        If it fails or is interrupted, the detector is left as it was before.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The next rows, of which most should be normal. The first call needs as many as ``fit``.

        y : Ignored
            Not used, present for API consistency by convention.

        Returns
        -------
        self : object
            The fitted detector.

        Raises
        ------
        FloatingPointError
            If the training diverges.
        ValueError
            If the detector is to have several networks, a ``memory`` or a ``checkpoint``.

        Warns
        -----
        UserWarning
            If the detector was fitted by ``fit``, which remembers no rows, and so begins anew.

        Notes
        -----
        Up to 10,000 rows are remembered to learn from. Each row beyond takes the place of a random
        one. A call takes 1,000 steps on the remembered rows, times the share of them that is new,
        or ``max_steps``. Means and scales of columns are those of the remembered rows. If the first
        call had no gaps, rows with gaps are scored, but not learned.

        A tenth of the rows, and of the first call as many as in ``fit``, are never learned. Of
        these up to 1,000 are remembered in the same way. After each call they are scored, and set
        the offset by the rule of ``fit``. They are ``held_out_scores_``, and ``held_out_indices_``
        counts the rows of the stream.
        """
        with undone_on_failure(self):
            self._partial_fit(X)
        return self

    def _fit(self, X: NDArray[Any]) -> None:
        super()._fit(X)
        # Of an earlier stream.
        for name in ("_learned", "_left_out", "_learns_gaps", "n_samples_seen_"):
            self.__dict__.pop(name, None)

    def _partial_fit(self, X: ArrayLike) -> None:
        is_first = self._check_stream()
        if is_first:
            with in_given_order():
                rows, self._table, _ = learn_table(
                    self, X, self.categorical_features, self._standardizes
                )
            self._row_shape = rows.shape[1:]
            self._recipe = self._new_recipe()
            # A network has a place for gaps or not.
            self._learns_gaps = self._table is None or self._table.has_gaps
            self.n_samples_seen_ = 0
            dtype = rows.dtype if self._table is None else np.float64
            self._learned = self._left_out = Remembered.nothing(self._row_shape, dtype)
        else:
            # scikit-learn validates them at the first call alone.
            self._validate_params()
            rows = self._validate_fitted(X)
        random = RandomState([self._recipe.seed, self.n_samples_seen_])
        left_out = random.uniform(size=len(rows)) < LEFT_OUT_SHARE
        if is_first:
            left_out = np.isin(np.arange(len(rows)), held_out_rows(len(rows)))
        self._remember(rows[:], left_out, random)
        learned, held_out = (self._cells(each) for each in (self._learned, self._left_out))
        steps = {}
        if not is_first and self.max_steps == "auto":
            steps["max_steps"] = math.ceil(STEPS * min(1.0, len(rows) / len(learned)))
        schedule = self._schedule(learned, **steps)
        self.device_ = self._chosen_device(schedule, learned)
        self.network_, self.history_ = self._train(
            replace(self._recipe, seed=int(random.randint(np.iinfo(np.int32).max))),
            learned,
            schedule,
            device=self.device_,
            callbacks=self.callbacks or (),
            verbose=self.verbose,
            weights=None if is_first else weights_of(self.network_),
        )
        self.n_iter_ = len(self.history_)
        known = np.concatenate([learned, held_out])
        new = np.arange(len(learned), len(known))
        self._learn_typical(known, new)
        order = self._left_out.numbers.argsort()
        self._set_threshold(
            self._left_out.numbers[order],
            self._scores_of_some(known, new[order]),
            lambda: self._score_samples(learned),
        )

    def _check_stream(self) -> bool:
        """Tell whether this is the first call, or raise an error if there can be no stream."""
        for name in ("memory", "checkpoint"):
            if getattr(self, name) is not None:
                raise ValueError(f"partial_fit has no use for {name}. Set it to None.")
        if self.n_estimators not in ("auto", 1):
            raise ValueError(
                f"partial_fit trains one network, but n_estimators={self.n_estimators}. Set it to "
                "1."
            )
        is_first = not hasattr(self, "_learned")
        if is_first and hasattr(self, "network_"):
            warnings.warn(
                "partial_fit begins anew, since fit remembers no rows. Give the rows of fit to "
                "partial_fit instead.",
                stacklevel=5,
            )
        return is_first

    def _remember(
        self, rows: NDArray[Any], left_out: NDArray[np.bool_], random: RandomState
    ) -> None:
        if self._table is not None:
            rows = self._table.numbers_and_codes(rows)
        numbers = self.n_samples_seen_ + np.arange(len(rows))
        self.n_samples_seen_ += len(rows)
        some = ~left_out
        if not self._learns_gaps:
            some &= ~np.isnan(rows).any(axis=1)
        self._learned = self._learned.and_also(rows[some], numbers[some], N_LEARNED, random)
        self._left_out = self._left_out.and_also(
            rows[left_out], numbers[left_out], N_LEFT_OUT, random
        )
        if self._table is not None:
            self._table = self._table.moved_to(self._learned.rows)

    def _cells(self, remembered: Remembered) -> NDArray[Any]:
        return remembered.rows if self._table is None else self._table.cells_back(remembered.rows)
