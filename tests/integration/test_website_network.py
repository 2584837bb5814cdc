"""The fetcher against a real server: where it connects to, and where it stops reading."""

from __future__ import annotations

import gzip
import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.website.fetching import Answer, Fetcher, Problem
from connectors.website.network import may_connect
from tests.fakes.website import FakeInternet, FakeWebsite, Reply, article, names, redirect

_PUBLIC = "93.184.216.34"


@pytest.fixture
def site() -> Iterator[FakeWebsite]:
    with FakeWebsite() as running:
        yield running


def _get(
    site: FakeWebsite,
    url: str = "http://h.example/",
    *,
    resolve: object = None,
    seconds: float = 30,
    limit: int = 100_000,
    private: frozenset[str] = frozenset(),
) -> tuple[Answer | Problem, FakeInternet]:
    """What comes of an address on an internet where h.example is the site."""
    internet = FakeInternet({_PUBLIC: site.port, "127.0.0.1": site.port})
    with Fetcher(
        resolve=resolve or names(h_example=_PUBLIC),  # type: ignore[arg-type]  # or a resolver
        network=internet,
        seconds=seconds,
        allow_private_hosts=private,
    ) as fetcher:
        return fetcher.get(url, limit=limit, types=frozenset({"text/html"})), internet


def test_the_checked_address_is_the_one_connected_to(site: FakeWebsite) -> None:
    site.pages["/"] = article("Home")
    # A second look at the DNS would say something else.
    answer, internet = _get(site, resolve=names(h_example=[_PUBLIC, "127.0.0.1"]))
    assert isinstance(answer, Answer)
    assert answer.status == 200
    assert internet.tried == [_PUBLIC]
    assert site.journal[0].host == "h.example"


def test_a_name_that_changes_to_a_private_address_is_refused_next_time(site: FakeWebsite) -> None:
    site.pages["/"] = Reply(headers={"Connection": "close"}, body=b"<p>x", type="text/html")
    internet = FakeInternet({_PUBLIC: site.port, "127.0.0.1": site.port})
    rebinding = names(h_example=[_PUBLIC, "127.0.0.1"])
    with Fetcher(resolve=rebinding, network=internet) as fetcher:
        first = fetcher.get("http://h.example/", limit=1000)
        second = fetcher.get("http://h.example/", limit=1000)
    assert isinstance(first, Answer)
    assert isinstance(second, Problem)
    assert second.kind == "refused"
    assert "allow_private_hosts" in second.reason
    assert internet.tried == [_PUBLIC]


def test_one_private_address_among_public_ones_is_enough_to_refuse(site: FakeWebsite) -> None:
    answer, internet = _get(site, resolve=lambda _host, _port: [_PUBLIC, "10.0.0.5"])
    assert isinstance(answer, Problem)
    assert internet.tried == []


def test_the_next_public_address_is_tried_when_the_first_is_silent(site: FakeWebsite) -> None:
    site.pages["/"] = article("Home")
    answer, internet = _get(site, resolve=lambda _host, _port: ["93.184.216.35", _PUBLIC])
    assert isinstance(answer, Answer)
    assert internet.tried == ["93.184.216.35", _PUBLIC]


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://0177.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://inside.example/",
        "http://h.example:22/",
        "https://h.example:8443/",
        "file:///etc/passwd",
        "gopher://h.example/",
        "http://user:secret@h.example/",
    ],
)
def test_a_redirect_to_where_nobody_may_go_is_not_followed(site: FakeWebsite, target: str) -> None:
    site.pages["/"] = redirect(target, 302)
    site.pages["/latest/meta-data/"] = article("Secrets")

    def resolve(host: str, port: int) -> list[str]:
        if host in {"h.example", "inside.example"}:
            return [_PUBLIC if host == "h.example" else "10.1.1.1"]
        return [str(each[4][0]) for each in socket.getaddrinfo(host, port)]

    answer, internet = _get(site, resolve=resolve)
    assert isinstance(answer, Problem)
    assert answer.kind in {"refused", "broken"}
    assert internet.tried == [_PUBLIC]


_ANY_ADDRESS = st.one_of(st.ip_addresses().map(str), st.sampled_from([_PUBLIC, "127.0.0.1"]))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    hops=st.lists(st.sampled_from(["a.example", "b.example", "named.example"]), max_size=4),
    told=st.dictionaries(
        st.sampled_from(["a.example", "b.example", "named.example"]),
        st.lists(st.lists(_ANY_ADDRESS, min_size=1, max_size=3), min_size=1, max_size=3),
    ),
)
def test_whatever_names_say_and_pages_redirect_to_only_allowed_addresses_are_connected_to(
    site: FakeWebsite, hops: list[str], told: dict[str, list[list[str]]]
) -> None:
    site.pages.clear()
    path = ["a.example", *hops]
    for number, (here, following) in enumerate(itertools.pairwise(path)):
        site.pages[f"{here}/{number}"] = redirect(f"http://{following}/{number + 1}")
    asked: list[tuple[str, str]] = []

    def resolve(host: str, _port: int) -> list[str]:
        answers = told.get(host, [])
        found = answers.pop(0) if len(answers) > 1 else next(iter(answers), [_PUBLIC])
        asked.extend((host, each) for each in found)
        return found

    _answer, internet = _get(
        site, "http://a.example/0", resolve=resolve, private=frozenset({"named.example"})
    )
    private = {address for host, address in asked if host == "named.example"}
    for address in internet.tried:
        assert may_connect(address) or (address in private and may_connect(address, private=True))
    assert set(internet.tried) <= {address for _host, address in asked}


def test_the_tls_handshake_names_the_host_and_not_the_address() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        hello: list[bytes] = []

        def greet() -> None:
            connection, _ = server.accept()
            with connection:
                hello.append(connection.recv(4096))

        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        internet = FakeInternet({_PUBLIC: server.getsockname()[1]})
        with Fetcher(resolve=names(h_example=_PUBLIC), network=internet) as fetcher:
            answer = fetcher.get("https://h.example/", limit=10)
        thread.join(10)
    assert isinstance(answer, Problem)
    assert answer.kind == "unreachable"
    assert b"h.example" in hello[0]


def test_a_page_without_end_is_too_large(site: FakeWebsite) -> None:
    site.pages["/"] = Reply(endless=True)
    answer, _ = _get(site)
    assert isinstance(answer, Problem)
    assert answer.kind == "too_large"


def test_a_page_that_trickles_runs_out_of_time(site: FakeWebsite) -> None:
    site.pages["/"] = Reply(stuck=True, body=b"<p>wait")
    answer, _ = _get(site, seconds=0.2)
    assert isinstance(answer, Problem)
    assert answer.kind == "unreachable"


def test_time_is_for_the_whole_answer_and_not_for_each_byte(site: FakeWebsite) -> None:
    site.pages["/"] = Reply(endless=True)
    ticks = iter(range(1_000_000))  # a second passes each time somebody looks
    internet = FakeInternet({_PUBLIC: site.port})
    with Fetcher(
        resolve=names(h_example=_PUBLIC), network=internet, clock=lambda: float(next(ticks))
    ) as fetcher:
        answer = fetcher.get("http://h.example/", limit=1024**4)
    assert isinstance(answer, Problem)
    assert answer.kind == "unreachable"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(body=gzip.compress(b"a" * 90_000), headers={"Content-Encoding": "gzip"}), None),
        (
            Reply(body=gzip.compress(b"a" * 50_000_000), headers={"Content-Encoding": "gzip"}),
            "too_large",
        ),
        (Reply(body=b"not gzip", headers={"Content-Encoding": "gzip"}), "broken"),
        (Reply(body=b"?", headers={"Content-Encoding": "br"}), "broken"),
        (Reply(body=b"a" * 100_001), "too_large"),
        (Reply(body=b"%PDF", type="application/pdf"), "not_wanted"),
        (Reply(body=b"?", type=""), "not_wanted"),
        (redirect("/"), "broken"),
        (redirect(""), "broken"),
    ],
)
def test_what_is_not_a_page_within_limits_is_told_apart(
    site: FakeWebsite, reply: Reply, kind: str | None
) -> None:
    site.pages["/"] = reply
    answer, _ = _get(site)
    assert (answer.kind if isinstance(answer, Problem) else None) == kind
    if isinstance(answer, Answer):
        assert len(answer.content) == 90_000


def test_redirects_without_end_are_given_up(site: FakeWebsite) -> None:
    for number in range(50):
        site.pages[f"/{number}"] = redirect(f"/{number + 1}")
    answer, _ = _get(site, "http://h.example/0")
    assert isinstance(answer, Problem)
    assert answer.kind == "broken"
    assert len(site.journal) < 12
