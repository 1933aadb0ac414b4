"""Texts as WordPiece tokens: what the networks read, and how it is made of a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from escaping_minima.data.formats.text_data import Labels, TextData
from escaping_minima.data.formats.wordpiece import Vocabulary

#: Counts the ways in which texts were ever cut into tokens here: part of what names kept tokens.
FORMAT = 1


@dataclass(frozen=True, eq=False)
class TokenSplit:
    """The texts of a split as tokens, behind one another.

    Attributes
    ----------
    tokens : ndarray of int32, shape (all tokens,)
        Numbers of the vocabulary.
    ends : ndarray of int64, shape (n,)
        Where the tokens of each text end.
    labels : ndarray
        As in `TextData`.
    """

    tokens: NDArray[np.int32]
    ends: NDArray[np.int64]
    labels: Labels

    def __len__(self) -> int:
        return len(self.ends)

    def first(self, count: int) -> TokenSplit:
        """Return the first texts, at least one."""
        ends = self.ends[:count]
        return TokenSplit(self.tokens[: ends[-1]], ends, self.labels[:count])


@dataclass(frozen=True, eq=False)
class TokenData:
    """A text data set as tokens.

    Attributes
    ----------
    train, validation, test : TokenSplit
    classes : tuple of str
        What the labels mean.
    checksums : dict
        SHA-256 of texts, labels and vocabulary, by official name.
    accepted : tuple of str
        Files that are not the official ones and that the user has accepted.
    encoder : Mapping of str to ndarray, or None
        The weights of a pretrained encoder that a network starts from.
    """

    train: TokenSplit
    validation: TokenSplit
    test: TokenSplit
    classes: tuple[str, ...]
    checksums: dict[str, str] = field(default_factory=dict)
    accepted: tuple[str, ...] = ()
    encoder: Mapping[str, NDArray[np.generic]] | None = None


def tokenise(texts: TextData, vocabulary: Vocabulary, length: int) -> TokenData:
    """Cut the texts of a data set into tokens.

    Parameters
    ----------
    texts : TextData
    vocabulary : Vocabulary
        With [CLS], [SEP] and [UNK].
    length : int
        At most so many tokens a text, [CLS] before and [SEP] behind it included.

    Raises
    ------
    ModuleNotFoundError
        If there is no library ``tokenizers``.

    References
    ----------
    Lower case, no accents, WordPiece: google-research/bert, ``tokenization.py``, as the library
    ``tokenizers`` has it.
    """
    from tokenizers import BertWordPieceTokenizer

    cutter = BertWordPieceTokenizer({token: n for n, token in enumerate(vocabulary.tokens)})
    cutter.enable_truncation(max_length=length)

    def split(some: Sequence[str], labels: Labels) -> TokenSplit:
        pieces = [np.array(found.ids, np.int32) for found in cutter.encode_batch(list(some))]
        ends = np.cumsum([len(piece) for piece in pieces], dtype=np.int64)
        return TokenSplit(np.concatenate(pieces), ends, labels)

    return join(
        texts,
        vocabulary,
        split(texts.train_texts, texts.train_labels),
        split(texts.validation_texts, texts.validation_labels),
        split(texts.test_texts, texts.test_labels),
    )


def join(
    texts: TextData,
    vocabulary: Vocabulary,
    train: TokenSplit,
    validation: TokenSplit,
    test: TokenSplit,
) -> TokenData:
    """Return the tokens of a data set with all that it rests on."""
    return TokenData(
        train,
        validation,
        test,
        texts.classes,
        texts.checksums | vocabulary.checksums,
        (*texts.accepted, *vocabulary.accepted),
    )
