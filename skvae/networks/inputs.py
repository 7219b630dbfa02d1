"""From the cells of rows to what an encoder sees of them."""

from typing import Any

import torch
from torch import Tensor, nn

from skvae.likelihoods import WORD_DIM, Columns

__all__ = ["Inputs"]


class Inputs(nn.Module):
    """Numbers as they are, words one-hot or embedded, and zeros for what is not visible.

    With ``shows_visible`` the encoder also sees which cells are visible, 1 or 0 for each.
    """

    column: Tensor
    code: Tensor

    def __init__(self, columns: Columns, shows_visible: bool) -> None:
        super().__init__()
        self.n_cells = [columns.n_numbers, len(columns.one_hot), len(columns.embedded)]
        self.shows_visible = shows_visible
        pairs = [(j, code) for j, n in enumerate(columns.one_hot) for code in range(n)]
        column, code = torch.tensor(pairs, device="cpu").reshape(-1, 2).unbind(1)
        self.register_buffer("column", column, persistent=False)
        self.register_buffer("code", code, persistent=False)
        self.embeddings: Any = nn.ModuleList([nn.Embedding(n, WORD_DIM) for n in columns.embedded])
        self.n_inputs = columns.n_numbers + len(pairs) + WORD_DIM * len(columns.embedded)
        self.n_inputs += shows_visible * sum(self.n_cells)

    def forward(self, x: Tensor, visible: Tensor | None = None) -> Tensor:
        """Return the inputs of rows, (n_rows, n_inputs)."""
        n_numbers, n_one_hot, _ = self.n_cells
        shown = x if visible is None else torch.where(visible, x, 0.0)
        parts = [shown[..., :n_numbers]]
        if n_one_hot:
            # No code is -1.
            codes = x if visible is None else torch.where(visible, x, -1.0)
            codes = codes[..., n_numbers : n_numbers + n_one_hot]
            parts.append((codes[..., self.column] == self.code).to(x.dtype))
        for j, embedding in enumerate(self.embeddings, start=n_numbers + n_one_hot):
            vectors = embedding(shown[..., j].long())
            if visible is not None:
                vectors = vectors * visible[..., j, None]
            parts.append(vectors)
        if self.shows_visible:
            seen = torch.ones_like(x) if visible is None else visible.to(x.dtype)
            parts.append(seen)
        return torch.cat(parts, dim=-1) if len(parts) > 1 else parts[0]
