"""BERT on texts with emotions: GoEmotions or TweetEval."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from escaping_minima.errors import UserError
from escaping_minima.parts.require import require
from escaping_minima.problems.networks.bert_shapes import ENCODERS

if TYPE_CHECKING:
    import torch

    from escaping_minima.data.formats.tokens import TokenData, TokenSplit
    from escaping_minima.draws.streams import Streams
    from escaping_minima.problems.networks.bert import BertClassifier
    from escaping_minima.problems.tasks.placed_texts import PlacedTexts
    from escaping_minima.problems.tasks.protocol import Task
    from escaping_minima.problems.tasks.targets import Targets

#: Classes of the data sets, and texts of their official splits: to train, validate and test on.
DATA_SETS = {
    "goemotions": (28, (43_410, 5_426, 5_427)),
    "tweeteval-emotion": (4, (3_257, 374, 1_421)),
}
#: Those of which a text may have several classes.
SEVERAL = ("goemotions",)
SCRATCH = "scratch"
#: Tokens of every vocabulary, and places that a text may have.
VOCABULARY, POSITIONS = 30_522, 512
#: What training on a text of TweetEval takes at batch size 16, on one AVX2 core: for itself; by the
#: width, for the embeddings; by its square, for a layer and for the last one, which makes one
#: token. Fitted to widths 64 and 384 with all, three and one of the layers trained.
SECONDS = (4e-4, 4e-6, 31e-9, 3.4e-9)
#: Tokens of a usual text.
USUAL_TOKENS = 26
#: Copies of all weights that a run holds: its own, those of its method and of what it saves.
COPIES = 12


@dataclass(frozen=True)
class Bert:
    """A BERT with a head for each class of a text.

    The loss is the cross-entropy of a softmax (TweetEval), or of a sigmoid a label (GoEmotions).
    The official validation split is held out, and is neither trained nor tested on.

    Attributes
    ----------
    data : str
        "generated" (for tests), "sample" (in the repository: these sets whole) or "full".
    data_set : str
        "goemotions" or "tweeteval-emotion".
    train_texts, test_texts, validation_texts : int
        The first so many of each official split; 0: all of it.
    encoder : str
        "scratch": drawn; else a pretrained one, "minilm" (all-MiniLM-L6-v2) or "bert-base-uncased".
    layers, width, heads : int
        Of the encoder; a pretrained one has its own.
    length : int
        At most so many tokens a text.
    trained_layers : int
        So many upper layers and the head are trained; the embeddings and the lower layers of a
        pretrained encoder stay as they are. 0: all is trained.
    dropout : float
        In training, after embeddings, attention and each half of a layer, and before the head.

    References
    ----------
    Devlin, Chang, Lee and Toutanova 2019, arXiv 1810.04805.
    """

    data: str = "full"
    data_set: str = "goemotions"
    train_texts: int = 0
    test_texts: int = 0
    validation_texts: int = 0
    encoder: str = SCRATCH
    layers: int = 2
    width: int = 64
    heads: int = 2
    length: int = 64
    trained_layers: int = 0
    dropout: float = 0.1

    def __post_init__(self) -> None:
        for key, allowed in (
            ("data", ("generated", "sample", "full")),
            ("data_set", tuple(DATA_SETS)),
            ("encoder", (SCRATCH, *ENCODERS)),
        ):
            found = getattr(self, key)
            require(found in allowed, key, found, ", ".join(allowed))
        for key, least in (
            ("test_texts", 0),
            ("validation_texts", 0),
            ("layers", 1),
            ("heads", 1),
            ("trained_layers", 0),
        ):
            require(getattr(self, key) >= least, key, getattr(self, key), f"{least} or more")
        require(self.train_texts != 1, "train_texts", self.train_texts, "2 or more, or 0 for all")
        require(self.train_texts >= 0, "train_texts", self.train_texts, "2 or more, or 0 for all")
        fits = 3 <= self.length <= POSITIONS
        require(fits, "length", self.length, f"3 to {POSITIONS}")
        divides = self.width >= 1 and self.width % self.heads == 0
        require(divides, "width", self.width, f"a multiple of heads, {self.heads}")
        require(0.0 <= self.dropout < 1.0, "dropout", self.dropout, "0 or more, below 1")
        self._require_an_encoder()

    def _require_an_encoder(self) -> None:
        if self.encoder == SCRATCH:
            allowed = "0, since layers that are drawn must be trained"
            require(self.trained_layers == 0, "trained_layers", self.trained_layers, allowed)
            return
        shape = ENCODERS[self.encoder]
        for key in ("layers", "width", "heads"):
            own = getattr(shape, key)
            require(getattr(self, key) == own, key, getattr(self, key), f"{own}, as it has")
        most = f"at most {self.layers}"
        require(self.trained_layers <= self.layers, "trained_layers", self.trained_layers, most)

    @property
    def DATA_SET(self) -> str:  # noqa: N802 - a constant of other problems
        """The data set of ``data``."""
        return self.data_set

    @property
    def FURTHER_DATA(self) -> tuple[str, ...]:  # noqa: N802 - likewise
        """What must be fetched besides: the vocabulary with the texts, and a pretrained encoder."""
        vocabulary = ("bert-vocabulary",) if self.data == "full" else ()
        return (*vocabulary, *self._encoder_data())

    @property
    def READING(self) -> tuple[int, str]:  # noqa: N802 - likewise
        """How the texts are read: at most so many tokens, and the data set of the encoder."""
        return self.length, "".join(self._encoder_data())

    @property
    def TRAIN_ITEMS(self) -> int:  # noqa: N802 - likewise
        """Training texts of an epoch; of generated data without a number, as many as are real."""
        return self.train_texts or DATA_SETS[self.data_set][1][0]

    @property
    def EVALUATED_ITEMS(self) -> int:  # noqa: N802 - likewise
        """Texts that are evaluated after each epoch, those of the training split included."""
        own = (self.train_texts, self.validation_texts, self.test_texts)
        official = DATA_SETS[self.data_set][1]
        return sum(some or whole for some, whole in zip(own, official, strict=True))

    @property
    def SECONDS_PER_ITEM(self) -> float:  # noqa: N802 - likewise
        """What training on a text takes, on one core."""
        itself, embeddings, layer, last = SECONDS
        embedded = 0.0 if self.trained_layers else embeddings * self.width
        whole = (self.trained_layers or self.layers) - 1
        return itself + embedded + (whole * layer + last) * self.width**2

    @property
    def MEMORY_MB(self) -> int:  # noqa: N802 - likewise
        """What a run takes, in which it hardly depends on the method."""
        weights = VOCABULARY * self.width + 12 * self.layers * self.width**2
        features = self.EVALUATED_ITEMS * USUAL_TOKENS * self.width if self.trained_layers else 0
        return 1000 + max(1000, 4 * (COPIES * weights + features) // 10**6)

    def _encoder_data(self) -> tuple[str, ...]:
        return () if self.encoder == SCRATCH else (ENCODERS[self.encoder].data_set,)

    def select(self, data: TokenData) -> TokenData:
        """Return the first texts of the data set, as many as set.

        Raises
        ------
        UserError
            If there are not so many.
        """
        return replace(
            data,
            train=self._first("train_texts", data.train),
            validation=self._first("validation_texts", data.validation),
            test=self._first("test_texts", data.test),
        )

    def _first(self, key: str, split: TokenSplit) -> TokenSplit:
        wanted, found = getattr(self, key), len(split)
        if wanted > found:
            raise UserError(f"{key}: found {wanted}; allowed: at most {found} of {self.data}")
        return split.first(wanted or found)

    def place(self, data: TokenData, device: torch.device) -> PlacedTexts:
        """Return texts and labels on the device; what layers that stay make of them, if any do."""
        from escaping_minima.problems.networks.bert import build_frozen
        from escaping_minima.problems.networks.bert_pretrained import load_pretrained
        from escaping_minima.problems.networks.frozen import run_frozen
        from escaping_minima.problems.tasks.placed_texts import place_texts

        placed = place_texts(data, device)
        if not self.trained_layers:
            return placed
        frozen = build_frozen(VOCABULARY, self.layers, self.width, self.heads, self.trained_layers)
        assert data.encoder is not None
        load_pretrained(frozen, data.encoder, self.encoder)
        return placed.through(partial(run_frozen, frozen.to(device)))

    def task(self, placed: PlacedTexts, streams: Streams) -> Task:
        """Return the classification of the texts."""
        from escaping_minima.problems.tasks.texts import TextTask

        return TextTask(placed.splits(), self._targets(), streams, self.length)

    def _targets(self) -> Targets:
        from escaping_minima.problems.tasks.class_macro_f1 import ClassMacroF1
        from escaping_minima.problems.tasks.targets import SeveralLabels

        if self.data_set in SEVERAL:
            return SeveralLabels()
        return ClassMacroF1(DATA_SETS[self.data_set][0])

    def network(self) -> BertClassifier:
        """Build the network; of frozen layers nothing is in it."""
        from escaping_minima.problems.networks.bert import build_bert

        return build_bert(
            VOCABULARY,
            self.layers,
            self.width,
            self.heads,
            DATA_SETS[self.data_set][0],
            self.trained_layers,
            self.dropout,
        )

    def start(self, network: BertClassifier, streams: Streams) -> None:
        """Draw all weights, or of a pretrained encoder those of the head alone."""
        from escaping_minima.draws.bert_starts import draw_bert

        draw_bert(network if self.encoder == SCRATCH else network.head, streams)

    def start_from(self, network: BertClassifier, placed: PlacedTexts) -> None:
        """Take the weights of the encoder, if it is a pretrained one."""
        from escaping_minima.problems.networks.bert_pretrained import load_pretrained

        if self.encoder != SCRATCH:
            assert placed.encoder is not None
            load_pretrained(network, placed.encoder, self.encoder)


PROBLEM = Bert
