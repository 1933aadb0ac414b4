"""Web pages that come where a file was asked for."""

from __future__ import annotations

import re

#: Bytes that are enough to tell.
START = 256

_MARKUP = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*<(?:!--|\?xml|(?:!doctype|html|head|body|script|meta)\b)",
    re.IGNORECASE,
)


def is_markup(start: bytes) -> bool:
    """Whether a file that begins so is a page, which no file of a data set is."""
    return _MARKUP.match(start) is not None
