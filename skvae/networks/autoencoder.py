"""What all autoencoders do: encode, decode, and ask the likelihood."""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import torch
from torch import Tensor

from skvae.likelihoods import Columns, Likelihood, NumbersAndWords
from skvae.networks.coders import build_coders
from skvae.networks.inputs import Inputs
from skvae.networks.network import Network, Term, Terms

__all__ = ["Autoencoder", "Pass"]


class Pass(NamedTuple):
    """What comes of one pass of rows through an autoencoder."""

    latent: Tensor
    outputs: Tensor
    terms: Terms


class Autoencoder(Network):
    """An encoder, a decoder, and a likelihood of rows given the decoder's outputs.

    ``architecture`` builds the encoder and the decoder, and ``likelihood`` returns the
    :class:`~skvae.likelihoods.Likelihood` of rows of a shape. With ``columns`` rows are those of a
    table: their cells may be words, which have a likelihood of their own, or NaN where there is no
    value. The encoder sees which cells are visible if there were gaps in training, or with
    ``shows_visible``.
    """

    def __init__(
        self,
        architecture: Any,
        input_shape: tuple[int, ...],
        latent_dim: int,
        n_encoder_outputs: int,
        likelihood: Callable[[tuple[int, ...]], Likelihood],
        columns: Columns | None = None,
        shows_visible: bool = False,
    ) -> None:
        super().__init__()
        if columns is not None and columns.n_categories:
            self.likelihood: Likelihood = NumbersAndWords(input_shape, columns, likelihood)
        else:
            self.likelihood = likelihood(input_shape)
        self.columns = columns
        self.latent_dim = latent_dim
        self.inputs: Any = None
        if columns is not None:
            self.inputs = Inputs(columns, shows_visible or columns.has_gaps)
        self.encoder, self.decoder = build_coders(
            architecture,
            input_shape if self.inputs is None else (self.inputs.n_inputs,),
            n_encoder_outputs,
            latent_dim,
            self.likelihood.output_shape,
        )

    @abstractmethod
    def infer(self, x: Tensor, noise: Tensor | None) -> tuple[Tensor, Terms]:
        """Return the latent codes of rows, and the terms of the loss they bring."""

    @abstractmethod
    def codes(self, x: Tensor, noise: Tensor) -> Iterator[Tensor]:
        """Yield the latent codes of rows for each draw of noise, or the only ones.

        ``noise`` is of shape (n_draws, n_rows, latent_dim), or (n_draws, latent_dim) where
        all rows have the same.
        """

    def observed(self, x: Tensor) -> Tensor | None:
        """Return where rows have a value, or ``None`` if they all have."""
        if self.columns is None or (self.training and not self.columns.has_gaps):
            return None
        return ~x.isnan()

    def encoded(self, x: Tensor, visible: Tensor | None) -> Tensor:
        """Return what the encoder makes of the visible cells of rows, ``None`` for all."""
        outputs: Tensor = self.encoder(x if self.inputs is None else self.inputs(x, visible))
        return outputs

    def encoded_whole(self, x: Tensor) -> Tensor:
        """Return what the encoder makes of rows, with what is expected in place of gaps.

        The latent code is the first ``latent_dim`` of its outputs. In training gaps stay.
        """
        observed = self.observed(x)
        outputs = self.encoded(x, observed)
        if self.training or observed is None:
            return outputs
        # A graph that is exported has no branches, and then costs a second pass.
        if not torch.compiler.is_exporting() and bool(observed.all()):
            return outputs
        expected = self.likelihood.mean(self.decoder(outputs[..., : self.latent_dim]))
        return self.encoded(torch.where(observed, x, expected), None)

    def run(self, x: Tensor, noise: Tensor | None = None) -> Pass:
        """Pass rows through the network."""
        latent, terms = self.infer(x, noise)
        outputs = self.decoder(latent)
        reconstruction = Term(self.likelihood.nll(x, outputs, self.observed(x)))
        return Pass(latent, outputs, {"reconstruction": reconstruction, **terms})

    def terms(self, x: Tensor, noise: Tensor | None = None) -> Terms:
        """Return the named terms of the loss."""
        return self.run(x, noise).terms

    def reconstruct(self, x: Tensor) -> Tensor:
        """Return the expected rows, given the latent codes of rows."""
        return self.likelihood.mean(self.decoder(self.encode(x)))

    def reconstruction(self, x: Tensor) -> Tensor:
        """Return minus the squared error of each cell, in the shape of ``x``."""
        outputs = self.decoder(self.encode(x))
        row, reconstruction = self.likelihood.pairs(x, outputs, self.observed(x))
        return -(row - reconstruction).square()
