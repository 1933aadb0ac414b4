"""Load, check and resolve the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from escaping_minima.config.check import check_section
from escaping_minima.config.layers import Layer, merge_layers, read_layer, read_override
from escaping_minima.config.parse import check_mapping
from escaping_minima.config.scales import read_scales
from escaping_minima.config.sections import Config, Numbered, Resolved, RunKeys

# At these scales a run costs hours, and is not repeated for an edit unless one asks for it.
_COSTLY = frozenset({"gpu", "paper"})


def load_config(raw: Mapping[str, Any], files: Sequence[str | Path] = ()) -> RunKeys:
    """Check a configuration that was given to Snakemake.

    Parameters
    ----------
    raw : Mapping
        What ``--config`` says; see `read_words`.
    files : sequence of str or Path
        Files laid below ``raw``, later ones on top: ``config.yaml`` or ``workflow.configfiles``.
        Not as Snakemake has read them, which takes the last of two equal keys in silence and 010
        for 8.

    Returns
    -------
    RunKeys
        The checked configuration.

    Raises
    ------
    UserError
        If anything in it is unknown or not allowed; one line, exit code 2.
    """
    layers = [read_layer(file) for file in files]
    label = "--config" if layers else "configuration"
    values = merge_layers([*layers, Layer(label, check_mapping(raw, label))])
    return check_section(Config, values, layers, label)


def read_words(words: Sequence[str]) -> dict[Any, Any]:
    """Return what ``key=value`` words with YAML values say, laid over one another.

    Raises
    ------
    UserError
        If one of them cannot be read; one line, exit code 2.
    """
    return merge_layers([read_override(text) for text in words])


def read_config(path: str | Path, overrides: Sequence[str] = ()) -> RunKeys:
    """Read and check a configuration file.

    Parameters
    ----------
    path : str or Path
        A YAML file; an empty one means the defaults.
    overrides : sequence of str
        ``dotted.key=value`` with YAML values, laid over the file; later ones win.

    Returns
    -------
    RunKeys
        The checked configuration.

    Raises
    ------
    UserError
        If a file or an override cannot be read, or anything in it is unknown or not allowed;
        one line, exit code 2.
    """
    layers: list[Layer] = [read_layer(path), *map(read_override, overrides)]
    return check_section(Config, merge_layers(layers), layers, layers[0].label)


def resolve(config: RunKeys) -> Resolved:
    """Apply the scale: every open number becomes the number of the scale.

    Parameters
    ----------
    config : RunKeys
        The checked configuration.

    Returns
    -------
    Resolved
        The numbers, and which of them are not those of the scale.
    """
    defaults = read_scales()[config.scale].model_dump()
    given = {study: getattr(config, study).model_dump(exclude_none=True) for study in defaults}
    overridden = tuple(
        f"{study}.{key}"
        for study in config.studies
        for key, value in given[study].items()
        if value != defaults[study][key]
    )
    rerun = config.scale not in _COSTLY if config.rerun_stale is None else config.rerun_stale
    settings = config.model_dump(exclude={*defaults, "rerun_stale"})
    numbers = {study: defaults[study] | given[study] for study in defaults}
    return Numbered(**settings, **numbers, rerun_stale=rerun, overridden=overridden)
