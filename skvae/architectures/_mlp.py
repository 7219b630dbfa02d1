"""Fully connected encoders and decoders."""

import math
from collections.abc import Sequence
from itertools import pairwise
from numbers import Integral, Real
from typing import Any

from sklearn.base import BaseEstimator
from torch import nn

from skvae._sklearn import Interval, StrOptions
from skvae.architectures._activations import ACTIVATIONS


class MLP(BaseEstimator):
    """Multi-layer perceptron: an encoder and, mirrored, a decoder.

    An architecture holds parameters only. The detector asks it for fresh torch
    modules at each fit, so that one object can be cloned, searched over and shared.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(128, 128)
        The sizes of the encoder's hidden layers. The decoder has them in reverse.

    activation : {'elu', 'gelu', 'leaky_relu', 'relu', 'silu', 'tanh'}, default='silu'
        The non-linearity after each layer but the last one; that of 'leaky_relu' has a slope of
        0.2.

    dropout : float in [0, 1), default=0.0
        The share of hidden units that each training step leaves out.

    Notes
    -----
    Any object with the two methods of this class is an architecture, and brings its own
    torch modules. Their ``forward`` must not depend on earlier calls. If the object has
    ``get_params`` and ``set_params``, as every :class:`sklearn.base.BaseEstimator` has, a search
    can choose its parameters.

    Examples
    --------
    >>> from skvae import MLP
    >>> MLP(hidden_layer_sizes=(20, 7)).build_encoder((5,), n_outputs=2)
    Sequential(
      (0): Linear(in_features=5, out_features=20, bias=True)
      (1): SiLU()
      (2): Linear(in_features=20, out_features=7, bias=True)
      (3): SiLU()
      (4): Linear(in_features=7, out_features=2, bias=True)
    )

    Your own modules, here a linear encoder with a non-linear decoder:

    >>> from sklearn.base import BaseEstimator
    >>> from sklearn.datasets import load_iris
    >>> from torch import nn
    >>> from skvae import AEOutlierDetector
    >>> class Lopsided(BaseEstimator):
    ...     def __init__(self, width=16):
    ...         self.width = width
    ...
    ...     def build_encoder(self, input_shape, n_outputs):
    ...         return nn.Linear(input_shape[0], n_outputs)
    ...
    ...     def build_decoder(self, n_inputs, output_shape):
    ...         return nn.Sequential(
    ...             nn.Linear(n_inputs, self.width),
    ...             nn.ReLU(),
    ...             nn.Linear(self.width, output_shape[0]),
    ...         )
    >>> X, _ = load_iris(return_X_y=True)
    >>> detector = AEOutlierDetector(
    ...     architecture=Lopsided(width=8), latent_dim=2, random_state=0
    ... )
    >>> detector.fit(X).encode(X).shape
    (150, 2)
    """

    _parameter_constraints: dict = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "dropout": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(
        self,
        *,
        hidden_layer_sizes: int | Sequence[int] = (128, 128),
        activation: str = "silu",
        dropout: float = 0.0,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout

    def build_encoder(self, input_shape: tuple[int, ...], n_outputs: int) -> nn.Sequential:
        """Build a module from rows to latent codes.

        Parameters
        ----------
        input_shape : tuple of int
            The shape of one row.

        n_outputs : int
            The number of outputs for one row.

        Returns
        -------
        encoder : torch.nn.Sequential
            Maps ``(n_rows, *input_shape)`` to ``(n_rows, n_outputs)``.
        """
        sizes = [math.prod(input_shape), *self._hidden_layer_sizes(), n_outputs]
        flatten = [nn.Flatten()] if len(input_shape) > 1 else []
        return nn.Sequential(*flatten, *self._layers(sizes))

    def build_decoder(self, n_inputs: int, output_shape: tuple[int, ...]) -> nn.Sequential:
        """Build a module from latent codes to rows.

        Parameters
        ----------
        n_inputs : int
            The number of inputs for one row.

        output_shape : tuple of int
            The shape of one row.

        Returns
        -------
        decoder : torch.nn.Sequential
            Maps ``(n_rows, n_inputs)`` to ``(n_rows, *output_shape)``.
        """
        sizes = [n_inputs, *reversed(self._hidden_layer_sizes()), math.prod(output_shape)]
        unflatten = [nn.Unflatten(-1, tuple(output_shape))] if len(output_shape) > 1 else []
        return nn.Sequential(*self._layers(sizes), *unflatten)

    def _hidden_layer_sizes(self) -> list[int]:
        self._validate_params()
        sizes: Any = self.hidden_layer_sizes
        sizes = [sizes] if isinstance(sizes, Integral) else list(sizes)
        if not sizes or any(not isinstance(size, Integral) or int(size) < 1 for size in sizes):
            raise ValueError(
                "hidden_layer_sizes must be one or more positive integers, got "
                f"{self.hidden_layer_sizes!r}."
            )
        return sizes

    def _layers(self, sizes: list[int]) -> list[nn.Module]:
        layers: list[nn.Module] = []
        for n_inputs, n_outputs in pairwise(sizes):
            layers += [nn.Linear(n_inputs, n_outputs), ACTIVATIONS[self.activation]()]
            if self.dropout:
                layers.append(nn.Dropout(self.dropout))
        return layers[: -2 if self.dropout else -1]
