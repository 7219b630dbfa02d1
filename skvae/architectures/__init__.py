"""Shapes of networks: small cloneable objects that build an encoder and a decoder."""

from skvae.architectures._conv1d import Conv1d
from skvae.architectures._conv2d import Conv2d
from skvae.architectures._mlp import MLP

__all__ = ["MLP", "Conv1d", "Conv2d"]
