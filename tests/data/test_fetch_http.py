"""Fetching over HTTP from a host that cuts, stalls, refuses, lies or is not there."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from escaping_minima.data import registry
from escaping_minima.data.cache import part_of


@pytest.fixture
def one(fetcher):
    """A fetcher of one file, noise.gz."""
    fetcher.know("noise.gz")
    return fetcher


def part(one, url):
    """Return where the bytes of noise.gz from a mirror lie until they are verified."""
    path = one.folder / "toy" / "noise.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    return part_of(path, f"{url}/toy/noise.gz")


def offsets(host):
    return [request.offset for request in host.requests]


def test_all_files_come_from_a_url(toy, host, fetcher):
    fetcher.fetch(f"{host.url}/")
    assert {name: fetcher.read(name) for name in toy.OFFICIAL} == toy.OFFICIAL
    assert fetcher.waits == []
    assert {request.encoding for request in host.requests} == {"identity"}
    assert [request.path for request in host.requests] == [f"/toy/{name}" for name in toy.OFFICIAL]


def test_the_registered_hosts_come_after_the_mirrors(toy, host, fetcher, make_mirror):
    fetcher.know("plain.txt", "noise.gz", urls=(host.url + "/toy/{file}",))
    fetcher.fetch(make_mirror({"plain.txt": toy.PLAIN}))
    assert [request.path for request in host.requests] == ["/toy/noise.gz"]


def test_registered_hosts_are_named_in_short(host, one):
    one.know("noise.gz", urls=(host.url + "/no/{file}", host.url + "/none/{file}"))
    line = one.complaint(host.url + "/wrong")
    assert (
        f"; tried {host.url}/wrong/toy/noise.gz: answers 404, {host.url[7:]}: answers 404; " in line
    )


def test_a_file_without_a_stated_length_is_verified_all_the_same(toy, host, one):
    host.plan("noise.gz", toy.give_without_length)
    one.fetch(host.url)
    assert one.read("noise.gz") == toy.OFFICIAL["noise.gz"]


def test_a_cut_download_goes_on_where_it_ended(toy, host, one):
    host.plan("noise.gz", toy.give_and_cut(200_000), toy.give_and_cut(50_000))
    one.fetch(host.url, least=50_000)
    assert one.read("noise.gz") == toy.OFFICIAL["noise.gz"]
    assert offsets(host) == [0, 200_000, 250_000]
    assert sum(request.sent for request in host.requests) == len(toy.OFFICIAL["noise.gz"])
    assert one.waits == [1.0, 1.0]


def test_a_later_run_goes_on_too(toy, host, one):
    host.plan("noise.gz", *[toy.give_and_cut(200_000), *[toy.give_and_cut(0)] * 3])
    assert "the connection was cut after 200,000 bytes, 3 times" in one.complaint(host.url)
    assert one.names() == [part(one, host.url).name]
    one.fetch(host.url)
    assert offsets(host)[-1] == 200_000
    assert one.names() == ["noise.gz", "record.json"]


def test_a_host_may_give_a_range_in_pieces(toy, host, one):
    pieces = [toy.give_at_most(60_000)] * 9
    host.plan("noise.gz", toy.give_and_cut(100_000), *pieces)
    one.fetch(host.url, least=50_000)
    assert offsets(host) == [0, 100_000, 160_000, 220_000, 280_000]
    assert one.read("noise.gz") == toy.OFFICIAL["noise.gz"]


def test_a_host_that_goes_on_in_the_wrong_place_is_left(toy, host, one):
    def wrong(handler, data, offset):
        toy.give_at_most(1000)(handler, data, offset + 1)

    host.plan("noise.gz", toy.give_and_cut(100_000), wrong)
    assert "goes on with a download in the wrong place" in one.complaint(host.url)


def test_a_host_that_knows_no_ranges_starts_again(toy, host, one):
    host.plan("noise.gz", toy.give_and_cut(200_000), toy.give_all)
    one.fetch(host.url)
    assert offsets(host) == [0, 200_000]
    assert one.read("noise.gz") == toy.OFFICIAL["noise.gz"]


def test_a_host_that_always_cuts_at_the_same_place_is_given_up(toy, host, one):
    def cut(handler, data, offset):
        toy.give_and_cut(1000)(handler, data, 0)

    host.plan("noise.gz", *[cut] * 9)
    assert "the connection was cut after 1,000 bytes, 3 times" in one.complaint(host.url)


def test_a_part_of_another_version_is_thrown_away(toy, host, one):
    part(one, host.url).write_bytes(b"?" * 1000)
    one.fetch(host.url)
    assert offsets(host) == [1000, 0]
    assert one.read("noise.gz") == toy.OFFICIAL["noise.gz"]


@pytest.mark.parametrize("length", [0, 1], ids=["as long", "longer"])
def test_a_part_that_nothing_follows_is_verified(toy, host, one, length):
    part(one, host.url).write_bytes(toy.OFFICIAL["noise.gz"] + b"?" * length)
    one.fetch(host.url)
    assert one.read("noise.gz") == toy.OFFICIAL["noise.gz"]
    assert len(host.requests) == 1 + length


def test_altered_bytes_are_refused(toy, host, one):
    altered = bytearray(toy.OFFICIAL["noise.gz"])
    altered[1000] ^= 1
    host.serve({"noise.gz": bytes(altered)})
    line = one.complaint(host.url)
    assert f"its SHA-256 is {toy.sha256(bytes(altered))}" in line
    assert one.names() == []


def test_a_host_that_falls_silent_is_left(toy, host, one):
    host.plan("noise.gz", *[toy.stall_after(1000)] * 3)
    assert "stopped sending after 1,000 bytes, 3 times" in one.complaint(host.url)


def test_a_host_that_does_not_answer_is_left(toy, host, one):
    def silence(handler, data, offset):
        host.released.wait(10)

    host.plan("noise.gz", *[silence] * 3)
    assert "no answer within 0.3 seconds, 3 times" in one.complaint(host.url)


def test_a_trickle_is_a_stall(toy, host, one):
    host.plan("noise.gz", *[toy.trickle] * 3)
    line = one.complaint(host.url, read=5.0, window=0.2, least=1000, attempts=1)
    assert "brought only" in line


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_not_asked_again(toy, host, one, status):
    host.plan("noise.gz", *[toy.refuse(status)] * 3)
    assert f"answers {status}" in one.complaint(host.url)
    assert (len(host.requests), one.waits) == (1, [])


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_host_is_asked_again_after_growing_waits(toy, host, one, status):
    host.plan("noise.gz", *[toy.refuse(status)] * 2)
    one.fetch(host.url)
    assert one.waits == [1.0, 2.0]


def test_a_host_that_stays_busy_is_left(toy, host, one):
    host.plan("noise.gz", *[toy.refuse(503)] * 9)
    assert "answers 503, 3 times" in one.complaint(host.url)
    assert len(host.requests) == 3


@pytest.mark.parametrize(
    ("asked", "waited"), [("7", 7.0), ("86400", 60.0), ("soon", 1.0), ("-5", 1.0)]
)
def test_a_host_may_say_when_to_come_again_within_reason(toy, host, one, asked, waited):
    host.plan("noise.gz", toy.refuse(429, Retry_After=asked))
    one.fetch(host.url)
    assert one.waits == [waited]


def test_a_host_may_give_the_date_to_come_again(toy, host, one):
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    host.plan("noise.gz", toy.refuse(503, Retry_After=date))
    one.fetch(host.url)
    assert 25 < one.waits[0] <= 30


@pytest.mark.parametrize("content_type", ["text/html; charset=utf-8", "application/octet-stream"])
def test_a_web_page_is_recognised(toy, host, one, content_type):
    host.plan("noise.gz", toy.give_html(content_type))
    assert "answers with a web page instead of the file;" in one.complaint(host.url)
    assert len(host.requests) == 1
    assert one.names() == []


def test_a_redirect_to_a_web_page_names_where_it_led(toy, host, one):
    host.plan("noise.gz", toy.redirect("/login"))
    host.planned["/login"] = [toy.give_html("text/html")]
    assert f"web page instead of the file (redirected to {host.url[7:]})" in one.complaint(host.url)


def test_a_redirect_to_the_file_is_followed(toy, host, one):
    host.files["/elsewhere"] = toy.OFFICIAL["noise.gz"]
    host.plan("noise.gz", toy.redirect("/elsewhere"))
    one.fetch(host.url)
    assert one.read("noise.gz") == toy.OFFICIAL["noise.gz"]


def test_a_circle_of_redirects_ends(toy, host, one):
    host.plan("noise.gz", *[toy.redirect("/toy/noise.gz")] * 50)
    assert "redirects in a circle" in one.complaint(host.url)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("give", "offers 3,000,000 bytes, which is another file"),
        ("give_without_length", "sends more than 1,648,802 bytes: another file"),
    ],
)
def test_a_file_that_is_far_too_large_is_left(toy, host, one, answer, words):
    host.serve({"noise.gz": bytes(3_000_000)})
    host.plan("noise.gz", getattr(toy, answer))
    assert words in one.complaint(host.url)
    assert one.names() == []


def closed_port() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_a_dead_mirror_costs_one_attempt_in_all(toy, host, fetcher):
    dead = closed_port()
    fetcher.fetch(dead, host.url)
    assert fetcher.waits == []
    assert {name: fetcher.read(name) for name in toy.OFFICIAL} == toy.OFFICIAL
    assert fetcher.notes.lines[0] == f"toy: not from {dead}/toy/noise.gz: no connection"


@pytest.mark.parametrize("trouble", ["cut", "stall", "trickle", 429, 500, 503])
def test_what_one_file_meets_says_nothing_of_the_next(toy, host, fetcher, make_mirror, trouble):
    answers = {
        "cut": toy.give_and_cut(10),
        "stall": toy.stall_after(10),
        "trickle": toy.trickle,
    }
    answer = answers.get(trouble) or toy.refuse(trouble)
    host.plan("noise.gz", *[answer] * 3)
    fetcher.fetch(host.url, make_mirror({"noise.gz": toy.OFFICIAL["noise.gz"]}), window=0.2)
    assert [request.path.rpartition("/")[2] for request in host.requests] == [
        *["noise.gz"] * 3,
        "pack.tar.gz",
        "plain.txt",
    ]


def test_a_host_that_never_answers_is_not_asked_for_the_next_file(toy, host, fetcher, make_mirror):
    def silence(handler, data, offset):
        host.released.wait(10)

    host.plan("noise.gz", *[silence] * 3)
    fetcher.fetch(host.url, make_mirror(toy.OFFICIAL))
    assert [request.path for request in host.requests] == ["/toy/noise.gz"] * 3


def test_a_dead_end_of_a_redirect_is_not_the_host(toy, host, fetcher, make_mirror):
    host.plan("noise.gz", toy.redirect(f"{closed_port()}/elsewhere"))
    fetcher.fetch(host.url, make_mirror(toy.OFFICIAL))
    assert [request.path.rpartition("/")[2] for request in host.requests] == list(toy.OFFICIAL)


def test_a_trickle_that_goes_on_at_every_attempt_is_given_up(toy, host, one, make_mirror):
    host.plan("noise.gz", *[toy.trickle] * 9)
    one.fetch(host.url, make_mirror(toy.OFFICIAL), read=5.0, window=0.2)
    assert len(host.requests) == 3
    assert offsets(host)[0] < offsets(host)[1] < offsets(host)[2]
    assert one.read("noise.gz") == toy.OFFICIAL["noise.gz"]


def test_the_attempts_are_bounded_in_all(toy, host, one):
    host.plan("noise.gz", *[toy.give_and_cut(20_000)] * 9)
    line = one.complaint(host.url, least=1000, most=4)
    assert "the connection was cut after 80,000 bytes, 4 times" in line


def cut_elsewhere(toy, host, one):
    """Leave all but the end of noise.gz in the cache, from a host that knows ranges."""
    host.plan("noise.gz", toy.give_and_cut(280_000), *[toy.give_and_cut(0)] * 2)
    one.complaint(host.url)
    assert part(one, host.url).stat().st_size == 280_000
    host.requests.clear()


def test_junk_in_a_folder_costs_no_download(toy, host, one, make_mirror):
    cut_elsewhere(toy, host, one)
    one.fetch(make_mirror({"noise.gz": b"junk"}), host.url)
    assert offsets(host) == [280_000]
    assert one.names() == ["noise.gz", "record.json"]


def test_a_host_without_ranges_costs_no_other_its_download(toy, host, one):
    cut_elsewhere(toy, host, one)
    host.files["/other/toy/noise.gz"] = b"\x1f" * 400_000
    host.planned["/other/toy/noise.gz"] = [toy.give_all]
    one.fetch(f"{host.url}/other", host.url)
    assert offsets(host) == [0, 280_000]


@pytest.mark.parametrize("content_type", ["text/html", "application/octet-stream"])
def test_a_web_page_costs_no_download(toy, host, one, content_type):
    cut_elsewhere(toy, host, one)
    host.plan("noise.gz", toy.give_html(content_type))
    assert "answers with a web page" in one.complaint(host.url)
    one.fetch(host.url)
    assert offsets(host) == [280_000, 280_000]


def cut_without_length(length):
    def answer(handler, data, offset):
        handler.head(200, None)
        handler.body(data[:length])

    return answer


def test_a_download_cut_without_a_stated_length_goes_on(toy, host, one):
    host.plan("noise.gz", cut_without_length(100_000))
    one.fetch(host.url)
    assert offsets(host) == [0, 100_000]
    assert one.read("noise.gz") == toy.OFFICIAL["noise.gz"]


def test_a_download_always_cut_without_a_stated_length_is_kept_and_not_offered(toy, host, one):
    host.plan("noise.gz", *[cut_without_length(100_000)] * 3)
    line = one.complaint(host.url)
    assert "the connection was cut after 100,000 bytes, 3 times" in line
    assert "SHA-256" not in line
    one.fetch(host.url)
    assert offsets(host)[-1] == 100_000


def test_another_packing_may_be_shorter_and_without_a_stated_length(toy, host, one, monkeypatch):
    data_set = toy.make_data_set("noise.gz")
    longer = replace(data_set.files[0], bytes=400_000, sha256="0" * 64)
    known = {"toy": replace(data_set, files=(longer,))}
    monkeypatch.setattr(registry, "read_registry", lambda: known)
    host.plan("noise.gz", *[toy.give_without_length] * 3)
    one.fetch(host.url)
    assert one.read("noise.gz") == toy.OFFICIAL["noise.gz"]


def test_a_page_that_begins_as_xml_is_recognised(toy, host, one):
    def page(handler, data, offset):
        handler.head(200, None)
        handler.body(b"<?xml version='1.0'?><html>Please log in</html>" + bytes(400_000))

    host.plan("noise.gz", page)
    line = one.complaint(host.url)
    assert "answers with a web page instead of the file" in line
    assert "SHA-256" not in line


@pytest.mark.parametrize("digits", [19, 5000])
def test_a_length_without_end_is_refused(toy, host, one, digits):
    host.plan("noise.gz", toy.refuse(200, Content_Length="9" * digits))
    assert f"offers a file whose length has {digits:,} digits" in one.complaint(host.url)


def test_a_range_of_a_length_without_end_is_refused(toy, host, one):
    part(one, host.url).write_bytes(b"?" * 1000)
    extent = f"bytes 1000-1999/{'9' * 5000}"
    host.plan("noise.gz", toy.refuse(206, Content_Range=extent))
    assert "goes on with a download in the wrong place" in one.complaint(host.url)


def test_a_date_beyond_all_calendars_is_no_date(toy, host, one):
    host.plan("noise.gz", toy.refuse(503, Retry_After=f"Mon, 01 Jan {'9' * 30} 00:00:00 GMT"))
    one.fetch(host.url)
    assert one.waits == [1.0]


def test_a_wait_is_said(toy, host, one):
    host.plan("noise.gz", toy.refuse(429, Retry_After="7"))
    one.fetch(host.url)
    assert one.notes.lines[0] == f"noise.gz: {host.url[7:]} answers 429; asking again in 7 s"


def test_a_text_that_the_host_compresses_unasked_is_unpacked(toy, host, fetcher):
    def compressed(handler, data, offset):
        body = toy.pack_gzip(data)
        handler.head(200, len(body), Content_Encoding="gzip")
        handler.body(body)

    fetcher.know("plain.txt")
    host.plan("plain.txt", compressed)
    fetcher.fetch(host.url)
    assert (len(host.requests), fetcher.waits) == (1, [])
    assert fetcher.read("plain.txt") == toy.PLAIN


def test_a_packed_file_that_the_host_declares_compressed_stays_packed(toy, host, one):
    def declared(handler, data, offset):
        handler.head(200, len(data), Content_Encoding="gzip")
        handler.body(data)

    host.plan("noise.gz", declared)
    one.fetch(host.url)
    assert (len(host.requests), one.waits) == (1, [])
    assert one.read("noise.gz") == toy.OFFICIAL["noise.gz"]


def test_a_password_in_a_url_is_neither_said_nor_recorded(toy, host, one):
    secret = host.url.replace("http://", "http://user:secret@")
    one.fetch(secret)
    assert one.notes.lines
    assert "secret" not in one.read("record.json").decode() + "".join(one.notes.lines)
    host.plan("noise.gz", toy.refuse(403))
    (one.folder / "toy" / "noise.gz").unlink()
    assert "secret" not in one.complaint(secret)
