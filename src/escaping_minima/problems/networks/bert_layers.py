"""The layers of BERT, of which the last computes only what the head looks at."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from escaping_minima.draws.dropout import NamedDropout

#: What a variance is raised by where it is divided by, as published.
EPSILON = 1e-12
#: Kinds of sentence: a text is one sentence, of kind 0.
TYPES = 2


class Embeddings(nn.Module):
    """The sum of what stands for a token, its place and its kind, normalised.

    Parameters
    ----------
    vocabulary, positions, width : int
    dropout : float
    """

    def __init__(self, vocabulary: int, positions: int, width: int, dropout: float) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(positions, width)
        self.types = nn.Embedding(TYPES, width)
        self.norm = nn.LayerNorm(width, EPSILON)
        self.dropout = NamedDropout(dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return (n, t, width) for ``tokens`` (n, t) of int64."""
        # whole rows, since a text begins at place 0 and is of kind 0 throughout
        places = self.positions.weight[: tokens.shape[1]] + self.types.weight[0]
        embedded: Tensor = self.dropout(self.norm(self.words(tokens) + places))
        return embedded


class Layer(nn.Module):
    """Attention of every token to all, then two dense layers, each with a shortcut and a norm.

    Parameters
    ----------
    width, heads, inner : int
        ``heads`` divides ``width``; ``inner`` units lie between the dense layers.
    dropout : float
        Also of the shares of attention, as published.

    References
    ----------
    Vaswani et al. 2017, section 3; Devlin et al. 2019, section 3 and appendix A.2, and its code,
    github.com/google-research/bert, ``transformer_model``.
    """

    def __init__(self, width: int, heads: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.shares_dropout = NamedDropout(dropout)
        self.mixed = nn.Linear(width, width)
        self.mixed_dropout = NamedDropout(dropout)
        self.mixed_norm = nn.LayerNorm(width, EPSILON)
        self.inner = nn.Linear(width, inner)
        self.outer = nn.Linear(inner, width)
        self.outer_dropout = NamedDropout(dropout)
        self.outer_norm = nn.LayerNorm(width, EPSILON)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return (n, t, width) for ``x`` (n, t, width).

        Parameters
        ----------
        x : Tensor of shape (n, t, width)
        mask : Tensor of shape (n, t), bool
            True at tokens, False at padding, to which nobody attends.
        """
        query, key, value = (self._split(of(x)) for of in (self.query, self.key, self.value))
        shares = self._shares(query @ key.transpose(2, 3), mask)
        return self._finish(x, (shares @ value).transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        """Return (n, t, width) as (n, heads, t, width / heads)."""
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)

    def _shares(self, products: Tensor, mask: Tensor) -> Tensor:
        """Return how much each token takes of every other, of shape (n, heads, from, to)."""
        scale = (self.query.out_features // self.heads) ** -0.5
        lowest = torch.finfo(products.dtype).min
        scores = (products * scale).masked_fill(~mask[:, None, None], lowest)
        shares: Tensor = self.shares_dropout(scores.softmax(3))
        return shares

    def _finish(self, x: Tensor, taken: Tensor) -> Tensor:
        """Return what comes after attention, for what came in and what was taken of others."""
        x = self.mixed_norm(x + self.mixed_dropout(self.mixed(taken)))
        dense = self.outer(functional.gelu(self.inner(x)))
        finished: Tensor = self.outer_norm(x + self.outer_dropout(dense))
        return finished


class LastLayer(Layer):
    """A `Layer` that gives the first token alone, at a small part of the cost.

    With one token that asks, keys and values of the others need not be made: what a key gives
    with the query is what the token gives with the query brought back through the key's weights,
    and a weighted sum of values is the value of the weighted sum.
    """

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """Return (n, 1, width) for ``x`` (n, t, width); see `Layer.forward`."""
        query = self.query(x[:, 0]).view(len(x), self.heads, -1)
        asked = torch.einsum("nhd,hdw->nhw", query, self._by_head(self.key))
        # the same for all tokens of a text, so that it changes no share; yet it is a weight
        ahead = (query * self.key.bias.view(self.heads, -1)).sum(2)
        products = asked @ x.transpose(1, 2) + ahead[..., None]
        shares = self._shares(products[:, :, None], mask)[:, :, 0]
        taken = torch.einsum("nhw,hdw->nhd", shares @ x, self._by_head(self.value))
        # dropout leaves shares that do not add up to one
        bias = shares.sum(2)[..., None] * self.value.bias.view(self.heads, -1)
        return self._finish(x[:, :1], (taken + bias).flatten(1)[:, None])

    def _by_head(self, layer: nn.Linear) -> Tensor:
        """Return weights (width, width) as (heads, width / heads, width)."""
        return layer.weight.view(self.heads, -1, layer.in_features)
