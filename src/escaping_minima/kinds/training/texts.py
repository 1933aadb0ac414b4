"""Texts as a network is trained on them: tokens, and the weights of an encoder."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from escaping_minima.data.contents import Version
from escaping_minima.data.formats.tokens import TokenData
from escaping_minima.data.load import load_encoder
from escaping_minima.data.token_cache import load_tokens


def load_text_data(
    name: str,
    version: Version,
    folder: Path | None,
    accepted: Collection[str] | None,
    length: int,
    encoder: str,
) -> TokenData:
    """Load a text data set, and the encoder that a network starts from.

    Parameters
    ----------
    name, version, folder, accepted, length
        See `escaping_minima.data.token_cache.load_tokens`.
    encoder : str
        Its data set, which is only there in full; empty for none.

    Raises
    ------
    UserError
        If anything cannot be read (exit code 1).
    """
    data = load_tokens(name, version, length, folder, accepted)
    if not encoder:
        return data
    found = load_encoder(encoder, "full", folder, accepted)
    return replace(
        data,
        encoder=found.tensors,
        checksums={**data.checksums, **found.checksums},
        accepted=(*data.accepted, *found.accepted),
    )
