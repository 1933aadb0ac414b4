"""BERT as a classifier of texts, whole or its upper layers alone."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from escaping_minima.draws.dropout import NamedDropout
from escaping_minima.problems.networks.bert_layers import Embeddings, LastLayer, Layer

#: Places that the published encoders know.
POSITIONS = 512
#: Units between the dense layers of a layer, by its width.
INNER = 4

#: Tokens (n, t) of int64, or features (n, t, width) where lower layers are frozen; and which of
#: them are no padding, (n, t) bool.
Texts = tuple[Tensor, Tensor]


class FrozenBert(nn.Module):
    """Embeddings and lower layers, as they are run once over texts.

    Parameters
    ----------
    embeddings : Embeddings
    layers : sequence of Layer
    depth : int
        Layers of the whole encoder.

    Attributes
    ----------
    first_layer : int
        Which layer of the whole encoder the first of these is.
    """

    first_layer = 0

    def __init__(self, embeddings: Embeddings, layers: Sequence[Layer], depth: int) -> None:
        super().__init__()
        self.depth = depth
        self.embeddings = embeddings
        self.layers = nn.ModuleList(layers)
        self.requires_grad_(False)
        self.eval()

    def forward(self, texts: Texts) -> Tensor:
        """Return features (n, t, width) for tokens and their mask."""
        tokens, mask = texts
        x: Tensor = self.embeddings(tokens)
        for layer in self.layers:
            x = layer(x, mask)
        return x


class BertClassifier(nn.Module):
    """What is trained: layers, a pooler of the first token and a head.

    Parameters
    ----------
    embeddings : Embeddings or None
        None where the inputs are features of frozen lower layers.
    layers : sequence of Layer
        A `LastLayer` ends it.
    width, classes : int
    dropout : float
    depth : int
        Layers of the whole encoder, of which these are the top ones.

    Attributes
    ----------
    first_layer : int
        Which layer of the whole encoder the first of these is.
    """

    def __init__(
        self,
        embeddings: Embeddings | None,
        layers: Sequence[Layer],
        width: int,
        classes: int,
        dropout: float,
        depth: int,
    ) -> None:
        super().__init__()
        self.embeddings = embeddings
        self.layers = nn.ModuleList(layers)
        self.pooler = nn.Linear(width, width)
        self.dropout = NamedDropout(dropout)
        self.head = nn.Linear(width, classes)
        self.depth = depth
        self.first_layer = depth - len(layers)

    def forward(self, texts: Texts) -> Tensor:
        """Return logits (n, classes) for tokens or features, and their mask."""
        logits: Tensor = self.head(self.dropout(self.pooled(texts)))
        return logits

    def pooled(self, texts: Texts) -> Tensor:
        """Return what stands for each text, (n, width), between -1 and 1."""
        x, mask = texts
        if self.embeddings is not None:
            x = self.embeddings(x)
        for layer in self.layers:
            x = layer(x, mask)
        pooled: Tensor = self.pooler(x[:, 0])
        return pooled.tanh()


def build_bert(
    vocabulary: int,
    layers: int,
    width: int,
    heads: int,
    classes: int,
    trained_layers: int = 0,
    dropout: float = 0.1,
    inner: int = 0,
    positions: int = POSITIONS,
) -> BertClassifier:
    """Build a classifier of texts.

    Parameters
    ----------
    vocabulary : int
        Tokens that it knows.
    layers, width, heads : int
        Of the whole encoder.
    classes : int
    trained_layers : int
        0: all of it, of tokens. n: the top n layers and the head, of features that `build_frozen`
        gives for the layers below.
    dropout : float
        Of embeddings, shares of attention, both dense parts of each layer, and before the head.
    inner : int
        Units between the dense layers; 0: four times the width.
    positions : int
        The longest text.

    Returns
    -------
    BertClassifier
        With bert-base-uncased's 30,522 tokens, 12 layers of width 768 and 12 heads: 109,482,240
        parameters and those of the head.

    Raises
    ------
    ValueError
        If heads do not divide the width, or more layers are trained than there are.

    References
    ----------
    Devlin, Chang, Lee and Toutanova 2019, BERT: pre-training of deep bidirectional transformers
    for language understanding.
    """
    _check(layers, width, heads, trained_layers)
    count = trained_layers or layers
    inner = inner or INNER * width
    embeddings = None if trained_layers else Embeddings(vocabulary, positions, width, dropout)
    kinds = (*(Layer for _ in range(count - 1)), LastLayer)
    made = [kind(width, heads, inner, dropout) for kind in kinds]
    return BertClassifier(embeddings, made, width, classes, dropout, layers)


def build_frozen(
    vocabulary: int,
    layers: int,
    width: int,
    heads: int,
    trained_layers: int,
    inner: int = 0,
    positions: int = POSITIONS,
) -> FrozenBert:
    """Build what lies below the ``trained_layers`` top layers; see `build_bert`."""
    _check(layers, width, heads, trained_layers)
    inner = inner or INNER * width
    made = [Layer(width, heads, inner, 0.0) for _ in range(layers - trained_layers)]
    return FrozenBert(Embeddings(vocabulary, positions, width, 0.0), made, layers)


def _check(layers: int, width: int, heads: int, trained_layers: int) -> None:
    if layers < 1 or not 0 <= trained_layers <= layers:
        raise ValueError(f"trained_layers is {trained_layers}; allowed: 0 to {layers}")
    if width % heads:
        raise ValueError(f"heads is {heads}; allowed: a divisor of {width}")
