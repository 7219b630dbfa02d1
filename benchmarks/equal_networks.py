"""Variational autoencoders of the same sizes, of skvae and of PyOD if it is installed."""

from skvae import MLP, VAEOutlierDetector

try:
    from pyod.models.vae import VAE as PyODVAE
except ImportError:
    PyODVAE = None


def skvae(hidden, latent_dim, **settings):
    """Return skvae's detector, with the loss that ``bare`` has."""
    return skvae_on(MLP(hidden_layer_sizes=hidden), latent_dim, **settings)


def skvae_on(architecture, latent_dim, **settings):
    """Return the same on another architecture."""
    return VAEOutlierDetector(
        architecture=architecture,
        latent_dim=latent_dim,
        likelihood="gaussian",
        sigma=1.0,
        beta=1.0,
        support_fraction=1.0,
        lr=1e-3,
        random_state=0,
        **settings,
    )


def pyod(hidden, latent_dim, **settings):
    """Return PyOD's detector, which has no SiLU and so uses ReLU."""
    return PyODVAE(
        encoder_neuron_list=list(hidden),
        decoder_neuron_list=list(hidden[::-1]),
        latent_dim=latent_dim,
        hidden_activation_name="relu",
        dropout_rate=0.0,
        device="cpu",
        verbose=0,
        **settings,
    )
