"""Cut the samples that the project carries from the official files.

``python -m escaping_minima.data.cut_samples --mirror DIR --output DIR``

Rule: of each class the first rows in official order, as many of each, sorted by official row. Text
sets and the vocabulary are taken whole. The files keep the official formats, compressed with xz.
"""

from __future__ import annotations

import argparse
import hashlib
import lzma
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from escaping_minima.data.encode import encode_cifar, encode_idx
from escaping_minima.data.formats.cifar import decode_cifar, labels_a_row
from escaping_minima.data.formats.idx import decode_idx
from escaping_minima.data.registry import DataSet, read_registry
from escaping_minima.data.unpack import iter_contents
from escaping_minima.errors import UserError
from escaping_minima.files.atomic import write_bytes, write_json

RULE = (
    "Of each class the first rows in official order, as many of each class, sorted by official row "
    "(from 0, of the named content); texts and the vocabulary whole."
)

#: Images of a sample to train on and to test on, all classes together.
SIZES = {
    "mnist": (10_000, 2_000),
    "fashion-mnist": (5_000, 1_000),
    "cifar-10": (2_000, 500),
    "cifar-100": (2_000, 500),
}

_ROW_OF_PIXELS = 32


@dataclass(frozen=True)
class Cut:
    """A sample before it is compressed: the name of its content, its bytes, its official rows."""

    name: str
    data: bytes
    rows: NDArray[np.intp] | None


def first_of_each_class(labels: NDArray[np.uint8], count: int) -> NDArray[np.intp]:
    """Return the rows of a sample by the rule.

    Parameters
    ----------
    labels : ndarray of uint8, shape (n,)
        In official order.
    count : int
        How many rows in all; divisible by the number of classes.

    Returns
    -------
    ndarray of intp, shape (count,)
        Sorted.

    Raises
    ------
    ValueError
        If a class has too few rows or the classes do not divide ``count``.
    """
    classes = np.unique(labels)
    each, rest = divmod(count, len(classes))
    rows = [np.flatnonzero(labels == label)[:each] for label in classes]
    if rest or any(len(found) < each for found in rows):
        raise ValueError(f"{count} rows cannot be taken equally from {len(classes)} classes")
    return np.sort(np.concatenate(rows))


def cut_data_set(data_set: DataSet, mirror: Path) -> Iterator[Cut]:
    """Cut one data set from the official files below ``mirror``; see `RULE`.

    Raises
    ------
    UserError
        If a file is missing, damaged or not the official one; exit code 1.
    """
    contents = _read_official(data_set, mirror)
    makers: dict[str, Callable[[DataSet, dict[str, bytes]], Iterator[Cut]]] = {
        "idx": _cut_idx,
        "cifar": _cut_cifar,
    }
    if data_set.format in makers:
        yield from makers[data_set.format](data_set, contents)
    else:
        yield from (Cut(name, data, None) for name, data in contents.items())


def _read_official(data_set: DataSet, mirror: Path) -> dict[str, bytes]:
    contents = {}
    for file in data_set.files:
        path = mirror / data_set.folder / file.name
        for content, data in iter_contents(path, file.contents, str(path)):
            if hashlib.sha256(data).hexdigest() != content.sha256:
                raise UserError(f"{path}: {content.name} is not the official one", exit_code=1)
            contents[content.name] = data
    return contents


def _cut_idx(data_set: DataSet, contents: dict[str, bytes]) -> Iterator[Cut]:
    for prefix, count in zip(("train", "t10k"), SIZES[data_set.name], strict=True):
        images, labels = f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte"
        classes = decode_idx(contents[labels], 1, labels)
        rows = first_of_each_class(classes, count)
        pixels = decode_idx(contents[images], 3, images)
        yield Cut(images, encode_idx(pixels[rows]), rows)
        yield Cut(labels, encode_idx(classes[rows]), rows)


def _cut_cifar(data_set: DataSet, contents: dict[str, bytes]) -> Iterator[Cut]:
    # The first batch of CIFAR-10 holds enough of every class, so that the rows are its rows.
    train, test = {
        "cifar-10": (
            "cifar-10-batches-bin/data_batch_1.bin",
            "cifar-10-batches-bin/test_batch.bin",
        ),
        "cifar-100": ("cifar-100-binary/train.bin", "cifar-100-binary/test.bin"),
    }[data_set.name]
    for name, count in zip((train, test), SIZES[data_set.name], strict=True):
        labels, images = decode_cifar(contents[name], labels_a_row(name), name)
        rows = first_of_each_class(labels[:, -1], count)
        yield Cut(name, encode_cifar(labels[rows], images[rows]), rows)


def write_samples(mirror: Path, output: Path) -> None:
    """Write all samples and their index.

    Parameters
    ----------
    mirror : Path
        A folder with the official files as DATA_SET/FILE.
    output : Path
        The folder to write, made if need be.

    Raises
    ------
    UserError
        If an official file is missing or another one, or ``output`` cannot be written.
    """
    index = {
        name: [_write_cut(cut, data_set, output) for cut in cut_data_set(data_set, mirror)]
        for name, data_set in read_registry().items()
        if data_set.has_versions
    }
    write_json(output / "index.json", {"rule": RULE, "data_sets": index})


def _write_cut(cut: Cut, data_set: DataSet, output: Path) -> dict[str, Any]:
    file = f"{data_set.name}/{Path(cut.name).name}.xz"
    packed = _compress(cut.data, delta=Path(cut.name).suffix == ".bin")
    write_bytes(output / file, packed)
    return {
        "file": file,
        "bytes": len(packed),
        "sha256": hashlib.sha256(packed).hexdigest(),
        "content": cut.name,
        "content_bytes": len(cut.data),
        "content_sha256": hashlib.sha256(cut.data).hexdigest(),
        "source": f"{data_set.title}: {data_set.citation}",
        "licence": data_set.licence,
        "rows": "all" if cut.rows is None else write_ranges(cut.rows),
    }


def _compress(data: bytes, delta: bool) -> bytes:
    filters: list[dict[str, int]] = [
        {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME},
    ]
    if delta:
        # a photograph's pixel is much like the one above it
        filters.insert(0, {"id": lzma.FILTER_DELTA, "dist": _ROW_OF_PIXELS})
    return lzma.compress(data, format=lzma.FORMAT_XZ, check=lzma.CHECK_SHA256, filters=filters)


def write_ranges(rows: NDArray[np.intp]) -> str:
    """Write sorted row numbers as ranges, both ends included, such as "0-3,5,7-9"."""
    runs = np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1)
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m escaping_minima.data.cut_samples",
        description="Cut the samples that the project carries from the official files.",
    )
    parser.add_argument("--mirror", type=Path, required=True, help="folder with DATA_SET/FILE")
    parser.add_argument("--output", type=Path, required=True, help="folder to write")
    args = parser.parse_args()
    try:
        write_samples(args.mirror, args.output)
    except UserError as error:
        raise SystemExit(f"cut_samples: {error}") from None


if __name__ == "__main__":
    main()
