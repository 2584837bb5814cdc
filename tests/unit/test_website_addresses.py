"""One spelling per page, which pages are wanted, and which addresses may be connected to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.website.addresses import Scope, may_be_page, normalised
from connectors.website.network import may_connect, resolve


@pytest.mark.parametrize(
    ("spelt", "page"),
    [
        ("HTTPS://Help.Example:443", "https://help.example/"),
        ("http://help.example:80/a/../b/./c#part", "http://help.example/b/c"),
        ("https://help.example./a%2fb/%7euser/%C3%A9", "https://help.example/a%2Fb/~user/%C3%A9"),
        ("https://help.example/é?q=a b", "https://help.example/%C3%A9?q=a%20b"),
        ("https://h.example/?utm_source=x&id=7&gclid=1", "https://h.example/?id=7"),
        ("https://bücher.example/a", "https://xn--bcher-kva.example/a"),
        ("https://h.example/100%", "https://h.example/100%25"),
        ("http://[2606:4700:0::1]:8080/", "http://[2606:4700::1]:8080/"),
        ("//other.example/x", "https://other.example/x"),
        ("../up?x=1", "https://base.example/up?x=1"),
        ("?page=2", "https://base.example/dir/here?page=2"),
        ("mailto:help@h.example", ""),
        ("javascript:alert(1)", ""),
        ("file:///etc/passwd", ""),
        ("https://user:secret@h.example/", ""),
        ("https://h.example:99999/", ""),
        ("https://h.example\\@inside.example/", ""),
        ("http://[fe80::1%25eth0]/", ""),
        ("http://", ""),
        ("https://h.example/" + "a" * 3000, ""),
    ],
)
def test_a_page_has_one_spelling(spelt: str, page: str) -> None:
    assert normalised(spelt, base="https://base.example/dir/here?page=1") == page


@given(st.text(max_size=60), st.sampled_from(["", "http://h.example/", "https://h.example/a?"]))
def test_the_spelling_is_final(text: str, before: str) -> None:
    once = normalised(before + text)
    assert not once or normalised(once) == once
    assert once.isascii()


def test_patterns_choose_pages_by_their_path() -> None:
    scope = Scope(
        hosts=frozenset({"h.example"}), include=("/help/*", "**/faq"), exclude=("**/print/*",)
    )
    wanted = {
        path for path in ("/help/a", "/faq", "/x/faq", "/blog/a", "/help/print/a") if
        scope.wants(f"https://h.example{path}?x=1")
    }  # fmt: skip
    assert wanted == {"/help/a", "/faq", "/x/faq"}
    assert not scope.wants("https://other.example/help/a")
    assert not scope.wants("https://h.example:8443/help/a")


def test_downloads_and_pictures_are_not_asked_for() -> None:
    assert may_be_page("https://h.example/a.html")
    assert may_be_page("https://h.example/v1.2")
    assert not may_be_page("https://h.example/guide.PDF?x=1")


# The oracle is the IANA registries, written down here apart from the code.
_NOT_PUBLIC = [
    ip_network(each)
    for each in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
        "168.63.129.16/32",
    )
]
_SPECIAL_V6 = [
    ip_network(each)
    for each in (
        *("::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32"),
        *("2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"),
    )
]


def _is_public(text: str) -> bool:
    ip = ip_address(text)
    if isinstance(ip, IPv6Address):
        inner = int(ip) & 0xFFFFFFFF
        if int(ip) >> 32 == 0xFFFF or ip in ip_network("64:ff9b::/96"):
            return _is_public(str(IPv4Address(inner)))
        return ip in ip_network("2000::/3") and not any(ip in each for each in _SPECIAL_V6)
    return not any(ip in each for each in _NOT_PUBLIC)


def _inside(network: object) -> st.SearchStrategy[str]:
    return st.ip_addresses(network=network).map(str)  # type: ignore[arg-type]  # any network


_IPV4 = st.one_of(st.ip_addresses(v=4).map(str), *map(_inside, _NOT_PUBLIC))
ADDRESSES = st.one_of(
    _IPV4,
    st.ip_addresses(v=6).map(str),
    *map(_inside, _SPECIAL_V6),
    _IPV4.map(lambda each: f"::ffff:{each}"),
    _IPV4.map(lambda each: f"64:ff9b::{each}"),
    _IPV4.map(lambda each: f"::{each}"),
)


@given(ADDRESSES)
def test_only_public_addresses_may_be_connected_to(address: str) -> None:
    if may_connect(address):
        assert _is_public(address)


def test_public_addresses_may_be_connected_to() -> None:
    for each in ("93.184.216.34", "1.1.1.1", "2606:4700::1111", "64:ff9b::1.1.1.1"):
        assert may_connect(each), each
    assert not may_connect("help.example")


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "192.168.0.1", "::1", "fd12::1",
                                     "100.64.0.9", "::ffff:10.0.0.1"])  # fmt: skip
def test_a_private_host_that_was_named_may_be_private(address: str) -> None:
    assert may_connect(address, private=True)
    assert not may_connect(address)


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "fd00:ec2::254", "0.0.0.0",
                                     "224.0.0.1", "100.100.100.200", "168.63.129.16", "::",
                                     "192.0.0.192", "::ffff:169.254.169.254"])  # fmt: skip
def test_even_then_it_is_no_way_to_a_clouds_credentials(address: str) -> None:
    assert not may_connect(address, private=True)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "::ffff:7f00:1",
                                  "017700000001", "localhost"])  # fmt: skip
def test_odd_spellings_of_loopback_are_known_for_what_they_are(host: str) -> None:
    assert not any(map(may_connect, resolve(host, 80)))
