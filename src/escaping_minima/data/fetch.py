"""Data sets brought into the cache: from the cache itself, the user's mirrors, public hosts."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from escaping_minima.config.sections import Resolved
from escaping_minima.data.cache import PartFile, make_folder, part_of, place, write_record
from escaping_minima.data.places import data_folder
from escaping_minima.data.progress import Progress
from escaping_minima.data.record import Entry, read_record
from escaping_minima.data.registry import DataFile, DataSet, find_data_set
from escaping_minima.data.sources import MIRROR_VARIABLE, host, is_url, locate, show, user_mirrors
from escaping_minima.data.transfer import Patience, download
from escaping_minima.data.trouble import UnavailableError
from escaping_minima.data.unpack import size_limit
from escaping_minima.data.verify import verify
from escaping_minima.errors import UserError
from escaping_minima.results.locks import wait_for

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


def fetch_settings(resolved: Resolved) -> FetchSettings:
    """Take the settings from the configuration and the environment."""
    return FetchSettings(
        folder=data_folder(resolved.data_folder),
        mirrors=user_mirrors(resolved.mirrors),
        accepted=frozenset(resolved.accept_checksums),
    )


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
    if not _is_complete(data_set, folder, settings):
        make_folder(folder)
        with wait_for(folder / ".lock", f"{data_set.name} in {settings.folder}"):
            _complete(data_set, folder, settings, progress, down)
    progress.say(f"{data_set.name}: complete in {folder}")


def _is_complete(data_set: DataSet, folder: Path, settings: FetchSettings) -> bool:
    """Whether all is good and on record, so that nothing need be written."""
    record = read_record(folder)
    return all(
        file.name in record
        and _keep(folder / file.name, file, settings, record[file.name]) == record[file.name]
        for file in data_set.files
    )


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
        try:
            if host(location) in down:
                raise UnavailableError(down[host(location)])
            sha256, verified = _bring(location, path, file, settings, progress)
        except UnavailableError as error:
            if error.host_is_down:
                down[host(location)] = str(error)
            progress.say(f"{data_set.name}: not from {show(location)}: {error}")
            # registered addresses are long and known; a mirror may have a slip in its own
            place_tried = host(location) if location in file.urls else show(location)
            tried.append(f"{place_tried}: {error}")
            continue
        place(part_of(path), path)
        progress.say(f"{data_set.name}: {file.name} from {show(location)} ({verified})")
        return _entry(path, sha256, verified, show(location))
    raise UnavailableError(
        f"{data_set.folder}/{file.name} could not be had; tried {', '.join(dict.fromkeys(tried))}"
    )


def _bring(
    location: str, path: Path, file: DataFile, settings: FetchSettings, progress: Progress
) -> tuple[str, str]:
    """Bring a file from one place into its partial file and verify it there."""
    part = part_of(path)
    largest = max(file.bytes, sum(content.bytes for content in file.contents))

    def advance(done: int) -> None:
        progress.advance(file.name, done, file.bytes)

    resumed = is_url(location) and part.exists()
    while True:
        if is_url(location):
            download(location, part, size_limit(largest), settings.patience, advance)
        else:
            _copy(Path(location), part, size_limit(largest), advance)
        try:
            return verify(part, file, settings.accepted)
        except UnavailableError:
            part.unlink(missing_ok=True)
            if not resumed:
                raise
            # what was there came from another version of the file
            resumed = False


def _copy(source: Path, part: Path, limit: int, advance: Callable[[int], None]) -> None:
    mirror = source.parents[1]
    if not mirror.is_dir():
        raise UnavailableError("not a folder" if mirror.exists() else "no such folder")
    try:
        size = source.stat().st_size
        if size > limit:
            raise UnavailableError(f"has {size:,} bytes, which is another file")
        with source.open("rb") as file, PartFile(part, append=False) as out:
            while piece := file.read(_PIECE):
                out.write(piece)
                advance(out.size)
    except FileNotFoundError:
        raise UnavailableError("no such file") from None
    except OSError as error:
        raise UnavailableError(f"cannot be read ({error.strerror})") from None
