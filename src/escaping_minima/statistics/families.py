"""What is judged together: claims of a family, their settings, and the parts that must hold."""

from __future__ import annotations

from dataclasses import dataclass

from escaping_minima.statistics.evidence import Evidence


@dataclass(frozen=True)
class AnyOf:
    """A union: the statement that at least one of several statements holds.

    Parameters
    ----------
    label : str
        How a reader knows it.
    parts : tuple of Evidence
        The statements; at least one.

    Raises
    ------
    ValueError
        If there is none.
    """

    label: str
    parts: tuple[Evidence, ...]

    def __post_init__(self) -> None:
        if not self.parts:
            raise ValueError(f"union {self.label!r} has no parts")


#: What must hold at a setting.
Part = Evidence | AnyOf


@dataclass(frozen=True)
class Setting:
    """The parts of a claim at one value of a swept parameter.

    What a sweep does not touch (a method without the swept setting) is a setting of its own, so
    that it is judged once.

    Parameters
    ----------
    label : str
        The value, as a reader knows it.
    parts : tuple of Evidence or AnyOf
        All of them must hold; at least one where the setting is tested.
    untested_reason : str, optional
        Why the numbers at hand do not test the claim here. The setting then counts as one that can
        be decided neither way.

    Raises
    ------
    ValueError
        If a tested setting has no part.
    """

    label: str
    parts: tuple[Part, ...]
    untested_reason: str | None = None

    def __post_init__(self) -> None:
        if not self.parts and self.untested_reason is None:
            raise ValueError(f"setting {self.label!r} has no parts")


@dataclass(frozen=True)
class Member:
    """A claim as a member of its family.

    Parameters
    ----------
    id : str
        The claim's name.
    settings : tuple of Setting
        One, or one for each value of a swept parameter. An untested claim may have none.
    left_out : tuple of (str, str)
        What does next to nothing of its own and so says nothing, and why: settings, or sides of
        parts.
        Named, and entered nowhere. A claim that has nothing else is not tested.
    untested_reason : str, optional
        Why the numbers at hand do not test the claim.

    Raises
    ------
    ValueError
        If a claim has no settings and nothing says why, or two settings share a label.
    """

    id: str
    settings: tuple[Setting, ...]
    left_out: tuple[tuple[str, str], ...] = ()
    untested_reason: str | None = None

    def __post_init__(self) -> None:
        if not self.settings and not self.left_out and self.untested_reason is None:
            raise ValueError(f"claim {self.id!r} has nothing to decide and no reason for it")
        labels = [setting.label for setting in self.settings]
        if len(set(labels)) != len(labels):
            raise ValueError(f"claim {self.id!r} has two settings of one label: {labels}")

    @property
    def why_untested(self) -> str | None:
        """Why the claim is not tested; None where it is."""
        if self.untested_reason is not None:
            return self.untested_reason
        if any(setting.untested_reason is None for setting in self.settings):
            return None
        reasons = [setting.untested_reason or "" for setting in self.settings]
        reasons += [f"{what}: left out, {why}" for what, why in self.left_out]
        return "; ".join(dict.fromkeys(reasons))
