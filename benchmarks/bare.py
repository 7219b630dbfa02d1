"""The variational autoencoder that one would write by hand, without a library around it."""

from itertools import pairwise

import torch
from torch import nn


def layers(sizes):
    modules = []
    for n_inputs, n_outputs in pairwise(sizes):
        modules += [nn.Linear(n_inputs, n_outputs), nn.SiLU()]
    return nn.Sequential(*modules[:-1])


class BareVAE(nn.Module):
    """Gaussian likelihood with a standard deviation of 1, Gaussian code."""

    def __init__(self, encoder, decoder):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder

    @classmethod
    def of_sizes(cls, n_features, hidden, latent_dim):
        """Return a network with hidden layers of these sizes."""
        return cls(
            layers([n_features, *hidden, 2 * latent_dim]),
            layers([latent_dim, *hidden[::-1], n_features]),
        )

    def loss(self, x):
        """Return the mean over rows of the negative evidence lower bound, less a constant."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        z = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
        error = (x - self.decoder(z)).square().flatten(1).sum(1)
        kl = (mean.square() + log_variance.exp() - log_variance - 1).sum(1)
        return 0.5 * (error + kl).mean()

    def score(self, x):
        """Return a row's evidence lower bound at the posterior mean, less a constant."""
        mean, log_variance = self.encoder(x).chunk(2, dim=1)
        error = (x - self.decoder(mean)).square().flatten(1).sum(1)
        kl = (mean.square() + log_variance.exp() - log_variance - 1).sum(1)
        return -0.5 * (error + kl)


def train(model, X, n_epochs, batch_size, device="cpu"):
    """Train on rows in a new order each epoch, cut into batches with split."""
    rows = torch.from_numpy(X).float().to(device)
    model.to(device).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
    for _ in range(n_epochs):
        shuffled = rows[torch.randperm(len(rows), device=device)]
        for batch in shuffled.split(batch_size):
            optimizer.zero_grad()
            model.loss(batch).backward()
            optimizer.step()
    return model


def score(model, X, batch_size, device="cpu"):
    model.eval()
    with torch.inference_mode():
        rows = torch.from_numpy(X).float().split(batch_size)
        return torch.cat([model.score(batch.to(device)) for batch in rows]).cpu()
