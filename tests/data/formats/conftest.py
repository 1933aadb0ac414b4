"""What a decoder complains of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from escaping_minima.errors import UserError


@pytest.fixture
def complain() -> Callable[..., str]:
    """Call a decoder that must refuse its bytes, and return the line that it says."""

    def call(function: Callable[..., Any], *arguments: Any) -> str:
        with pytest.raises(UserError) as caught:
            function(*arguments)
        assert caught.value.exit_code == 1
        return str(caught.value)

    return call
