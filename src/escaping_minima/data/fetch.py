"""Data sets brought into the cache: from the cache itself, the user's mirrors, public hosts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from escaping_minima.data.cache import (
    PartFile,
    make_folder,
    part_of,
    place,
    remove_parts,
    write_record,
)
from escaping_minima.data.places import data_folder
from escaping_minima.data.progress import Progress
from escaping_minima.data.record import Entry, read_record
from escaping_minima.data.registry import DataFile, DataSet, find_data_set
from escaping_minima.data.sources import MIRROR_VARIABLE, host, is_url, locate, show, user_mirrors
from escaping_minima.data.transfer import Patience, Wanted, download
from escaping_minima.data.trouble import UnavailableError
from escaping_minima.data.unpack import size_limit
from escaping_minima.data.verify import verify
from escaping_minima.errors import UserError
from escaping_minima.files.locks import wait_for

_PIECE = 1 << 20


@dataclass(frozen=True)
class FetchSettings:
    """Where data sets come from and go to.

    Attributes
    ----------
    folder : Path
        The cache: the files of a data set lie in a folder of their own below it.
    mirrors : tuple of str
        Folders or URLs that hold DATA_SET/FILE, tried first.
    accepted : frozenset of str
        SHA-256 of other versions that the user accepts.
    patience : Patience
        How long to wait for hosts.
    """

    folder: Path
    mirrors: tuple[str, ...] = ()
    accepted: frozenset[str] = frozenset()
    patience: Patience = field(default_factory=Patience)


def fetch_settings(
    folder: str | Path | None, mirrors: Sequence[str], accepted: Iterable[str]
) -> FetchSettings:
    """Take the settings from a configuration's values and the environment.

    Parameters
    ----------
    folder : str or Path, optional
        The user's ``data_folder``; see `data_folder`.
    mirrors : sequence of str
        The user's ``mirrors``; see `user_mirrors`.
    accepted : iterable of str
        The user's ``accept_checksums``.

    Raises
    ------
    UserError
        If a mirror is a URL that is not of http or https.
    """
    return FetchSettings(data_folder(folder), user_mirrors(mirrors), frozenset(accepted))


def fetch_all(names: Iterable[str], settings: FetchSettings, progress: Progress) -> None:
    """Bring data sets into the cache; what is there and unaltered is not fetched again.

    Parameters
    ----------
    names : iterable of str
        The data sets.
    settings : FetchSettings
    progress : Progress
        Told what comes from where, and what does not.

    Raises
    ------
    UserError
        If there is no such data set (exit code 2); if the cache cannot be written, or any data
        set cannot be had, in one line for all of them (exit code 1). The others are fetched.
    """
    data_sets = [find_data_set(name) for name in names]
    down: dict[str, str] = {}
    failures = []
    for data_set in data_sets:
        try:
            _fetch_data_set(data_set, settings, progress, down)
        except UnavailableError as error:
            failures.append(str(error))
    if failures:
        raise UserError(f"{'; '.join(failures)}; {_advise(failures)}", exit_code=1)


def _advise(failures: list[str]) -> str:
    mirror = (
        "name a mirror, a folder or a URL that holds these files under these names, with "
        f"--config mirrors=PLACE or ${MIRROR_VARIABLE}"
    )
    if any("SHA-256" in failure for failure in failures):
        return f"{mirror}, or accept another version by listing its SHA-256 in accept_checksums"
    return mirror


def _fetch_data_set(
    data_set: DataSet, settings: FetchSettings, progress: Progress, down: dict[str, str]
) -> None:
    folder = settings.folder / data_set.folder
    record = read_record(folder)
    kept = {f.name: _keep(folder / f.name, f, settings, record.get(f.name)) for f in data_set.files}
    remark = ""
    # where all is good and on record, nothing need be written
    if None in kept.values() or not kept.items() <= record.items():
        try:
            make_folder(folder)
        except UserError:
            if None in kept.values():
                raise
            remark = ", which cannot be written, so that there is no record of it"
        else:
            what = f"{data_set.name} in {settings.folder}"
            with wait_for(folder / ".lock", what, setting="data_folder"):
                _complete(data_set, folder, settings, progress, down)
    progress.say(f"{data_set.name}: complete in {folder}{remark}")


def _complete(
    data_set: DataSet,
    folder: Path,
    settings: FetchSettings,
    progress: Progress,
    down: dict[str, str],
) -> None:
    record = read_record(folder)
    for file in data_set.files:
        entry = _keep(folder / file.name, file, settings, record.get(file.name))
        record[file.name] = entry or _fetch_file(data_set, file, settings, progress, down)
        write_record(folder, data_set, record)
        remove_parts(folder / file.name)


def _keep(path: Path, file: DataFile, settings: FetchSettings, known: Entry | None) -> Entry | None:
    """Return the entry of a file that is in the cache and good, else nothing."""
    try:
        sha256, verified = verify(path, file, settings.accepted)
    except UnavailableError:
        return None
    if known is not None and (known.sha256, known.verified) == (sha256, verified):
        return known
    return _entry(path, sha256, verified, "found in the cache")


def _entry(path: Path, sha256: str, verified: str, source: str) -> Entry:
    date = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Entry(path.stat().st_size, sha256, source, verified, date)


def _fetch_file(
    data_set: DataSet,
    file: DataFile,
    settings: FetchSettings,
    progress: Progress,
    down: dict[str, str],
) -> Entry:
    path = settings.folder / data_set.folder / file.name
    tried = []
    for location in locate(data_set, file, settings.mirrors):
        part = part_of(path, location)
        try:
            if host(location) in down:
                raise UnavailableError(down[host(location)])
            sha256, verified = _bring(location, part, file, settings, progress)
        except UnavailableError as error:
            if error.host_is_down:
                down[host(location)] = str(error)
            progress.say(f"{data_set.name}: not from {show(location)}: {error}")
            # registered addresses are long and known; a mirror may have a slip in its own
            place_tried = host(location) if location in file.urls else show(location)
            tried.append(f"{place_tried}: {error}")
            continue
        place(part, path)
        progress.say(f"{data_set.name}: {file.name} from {show(location)} ({verified})")
        return _entry(path, sha256, verified, show(location))
    raise UnavailableError(
        f"{data_set.folder}/{file.name} could not be had; tried {', '.join(dict.fromkeys(tried))}"
    )


def _bring(
    location: str, part: Path, file: DataFile, settings: FetchSettings, progress: Progress
) -> tuple[str, str]:
    """Bring a file from one place into its partial file and verify it there."""
    largest = max(file.bytes, sum(content.bytes for content in file.contents))
    wanted = Wanted(file.name, file.bytes, size_limit(largest))
    if not is_url(location):
        _copy(Path(location), part, wanted, progress)
        return _verify_part(part, file, settings)
    resumed = part.exists()
    try:
        return _download(location, part, file, wanted, settings, progress)
    except _OtherFileError:
        if not resumed:
            raise
        # what was there came from another version of the file
        return _download(location, part, file, wanted, settings, progress)


class _OtherFileError(UnavailableError):
    """What came is whole and not the file; it was removed."""


def _download(
    location: str,
    part: Path,
    file: DataFile,
    wanted: Wanted,
    settings: FetchSettings,
    progress: Progress,
) -> tuple[str, str]:
    try:
        download(location, part, wanted, settings.patience, progress)
    except UnavailableError as error:
        if not error.may_be_whole:
            raise
        # another packing may be as short as that; if it is none, it was cut and stays for later
        try:
            return verify(part, file, settings.accepted)
        except UnavailableError:
            raise error from None
    return _verify_part(part, file, settings)


def _verify_part(part: Path, file: DataFile, settings: FetchSettings) -> tuple[str, str]:
    try:
        return verify(part, file, settings.accepted)
    except UnavailableError as error:
        part.unlink(missing_ok=True)
        raise _OtherFileError(str(error)) from None


def _copy(source: Path, part: Path, wanted: Wanted, progress: Progress) -> None:
    mirror = source.parents[1]
    try:
        if not mirror.is_dir():
            raise UnavailableError("not a folder" if mirror.exists() else "no such folder")
        size = source.stat().st_size
        if size > wanted.limit:
            raise UnavailableError(f"has {size:,} bytes, which is another file")
        with source.open("rb") as file, PartFile(part, append=False) as out:
            while piece := file.read(_PIECE):
                out.write(piece)
                progress.advance(wanted.name, out.size, wanted.bytes)
    except FileNotFoundError:
        raise UnavailableError("no such file") from None
    except OSError as error:
        raise UnavailableError(f"cannot be read ({error.strerror})") from None
