"""A way to a host that the environment names and nobody can take is named in one line."""

from __future__ import annotations

import socket

import pytest

from escaping_minima.data.route import check_route
from escaping_minima.errors import UserError

HTTPS = "https://host.example/file"


@pytest.fixture(autouse=True)
def _no_route(monkeypatch):
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name.upper()}_PROXY", raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize(
    ("content", "reason"), [(None, "No such file or directory"), ("no", "without a certificate")]
)
def test_certificates_that_are_none_are_named(tmp_path, monkeypatch, name, content, reason):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv(name, str(path))
    with pytest.raises(UserError) as caught:
        check_route(HTTPS)
    assert str(caught.value).startswith(f"{name}: found '{path}' ({reason}); allowed: ")
    assert caught.value.exit_code == 1
    check_route("http://host.example/file")


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("socks5h://me:secret@proxy.example:1080", "'socks5h://proxy.example:1080', a SOCKS proxy"),
        ("nonsense://proxy.example", "'nonsense://proxy.example'; allowed: "),
        ("http://[bad", "'http://[bad'; allowed: "),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named(monkeypatch, proxy, words):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(UserError) as caught:
        check_route(HTTPS)
    assert str(caught.value).startswith(f"https_proxy: found {words}")
    assert "secret" not in str(caught.value)
    monkeypatch.setenv("no_proxy", "host.example")
    check_route(HTTPS)


@pytest.mark.parametrize(
    "proxy",
    [
        "proxy.example:3128",
        "http://me:secret@proxy.example:3128",
        "socks5h://me:secret@proxy.example:1080",
    ],
)
def test_a_proxy_that_can_be_used_is_taken(monkeypatch, proxy):
    monkeypatch.setenv("https_proxy", proxy)
    check_route(HTTPS)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_does_not_answer_is_named(fetcher, monkeypatch, scheme):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{closed.getsockname()[1]}"
    monkeypatch.setenv(f"{scheme}_proxy", f"http://me:secret@{place}")
    said = fetcher.complaint(f"{scheme}://host.example/data")
    assert f"the proxy {place} does not answer" in said
    assert "secret" not in said
