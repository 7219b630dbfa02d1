"""Matrix products that are rounded alike at every place of a batch."""

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["AlignedLinear", "align_products"]

# Where a product adds up a number of values that is no multiple of four, its kernels round the
# last ones differently at some places of the batch.
ALIGNMENT = 4


class AlignedLinear(nn.Linear):
    """A linear layer that adds zeros to the end of its inputs."""

    def forward(self, input: Tensor) -> Tensor:
        """Return the layer's outputs."""
        n_zeros = -self.in_features % ALIGNMENT
        return F.linear(F.pad(input, (0, n_zeros)), F.pad(self.weight, (0, n_zeros)), self.bias)

    def _get_name(self) -> str:
        return "Linear"


def align_products(network: nn.Module) -> None:
    """Align the plain linear layers of a network, whoever wrote it, where they are not."""
    for module in network.modules():
        if type(module) is nn.Linear and module.in_features % ALIGNMENT:
            # Not a new module, which other parts of the network would not know.
            module.__class__ = AlignedLinear
