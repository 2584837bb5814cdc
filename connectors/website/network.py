"""Connects to public addresses only, whatever a name says it is now or says a moment later.

A page may name any host, so without this a website could read the insides of the network that
the bot runs in. Each connection resolves its host once, refuses it if any of its addresses is
not public, and then connects to the checked address itself, so that a second answer of the DNS
cannot matter. The host's name still goes into the Host header and the TLS handshake, because
httpcore takes both from the request and not from the socket.
Extension point: https://www.encode.io/httpcore/network-backends/ (the same in httpcore2).
Libraries were looked at: requests-hardened checks one of a host's addresses, httpx-secure is
for async clients only, advocate is not kept any more.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any

import httpcore2

if TYPE_CHECKING:
    import ssl

Resolve = Callable[[str, int], Sequence[str]]
"""All addresses of a host, as text. Raises OSError when it has none."""

# What ipaddress (also an older one than today's) calls global or merely private, and yet is no
# place for a website even within one's own network, or leads elsewhere.
_NEVER = tuple(
    ip_network(each)
    for each in (
        "168.63.129.16/32",  # Azure's metadata and DNS, on a public address
        "100.100.100.200/32",  # Alibaba's metadata, within shared address space
        "0.0.0.0/8",  # this machine
        "192.0.0.0/24",  # protocols' own, among them Oracle's metadata
        "192.88.99.0/24",  # relays to IPv6
        "64:ff9b:1::/48",  # NAT64 of the local network
        "2001::/23",  # protocols' own, among them Teredo
        "2002::/16",  # 6to4
        "3fff::/20",  # examples in documents
        "5f00::/16",  # segment routing
        "fd00:ec2::/32",  # Amazon's metadata
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_SHARED = ip_network("100.64.0.0/10")  # carriers and overlay networks: neither public nor private


class AddressRefused(Exception):
    """The host leads to an address that is not public."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(f"{host} leads to {address}, which is not a public address")
        self.host = host
        self.address = address


def resolve(host: str, port: int) -> Sequence[str]:
    """What the system's resolver says, once per address; it also reads spellings of IPv4 such
    as 2130706433 or 0177.1, so that they are checked as what they are."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


def may_connect(address: str, *, private: bool = False) -> bool:
    """Whether an address is public. `private` admits private and loopback ones too, and still
    refuses link-local (where clouds keep credentials), multicast, reserved and unspecified."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv6Address):
        inner = _embedded(ip)
        if inner is not None:
            return may_connect(str(inner), private=private)
    # A link-local, reserved or multicast address may count as private or global: asked first.
    # ::1 lies in the reserved block ::/8, which holds nothing else that is of use.
    reserved = ip.is_reserved and not ip.is_loopback
    if ip.is_link_local or ip.is_multicast or ip.is_unspecified or reserved:
        return False
    if any(ip in network for network in _NEVER):
        return False
    if isinstance(ip, IPv6Address) and ip.is_site_local:
        return private
    inside = ip.is_private or ip.is_loopback or ip in _SHARED
    return ip.is_global or (private and inside)


def _embedded(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 one is only another way to write or to reach."""
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    return IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None


class Deadline:
    """When the request that is going on must be over, however slowly bytes trickle in."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._at = 0.0

    def start(self, seconds: float) -> None:
        self._at = self._clock() + seconds

    def left(self, wanted: float | None = None) -> float:
        """Seconds that may be waited, at most `wanted`. Raises a timeout when there are none."""
        left = self._at - self._clock()
        if left <= 0:
            raise httpcore2.ReadTimeout("took too long")
        return left if wanted is None else min(left, wanted)


class GuardedBackend(httpcore2.NetworkBackend):
    """The network as a crawler may see it."""

    def __init__(
        self,
        *,
        deadline: Deadline,
        allow_private_hosts: frozenset[str] = frozenset(),
        resolve: Resolve = resolve,
        network: httpcore2.NetworkBackend | None = None,
    ) -> None:
        self._deadline = deadline
        self._allow_private_hosts = allow_private_hosts
        self._resolve = resolve
        self._network = network or httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """A connection to the first address that answers. Raises AddressRefused when any of
        them is not public: a host that mixes both is up to something."""
        host = host.strip("[]")
        failure: Exception = httpcore2.ConnectError(f"{host} has no address")
        for address in self._checked(host, port):
            try:
                stream = self._network.connect_tcp(
                    address,
                    port,
                    timeout=self._deadline.left(timeout),
                    local_address=local_address,
                    socket_options=socket_options,
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return _TimedStream(stream, self._deadline)
        raise failure

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        raise AddressRefused(path, "a local socket")

    def _checked(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(f"{host} cannot be resolved ({error})") from error
        private = host.lower() in self._allow_private_hosts
        for address in addresses:
            if not may_connect(address, private=private):
                raise AddressRefused(host, address)
        return addresses


class _TimedStream(httpcore2.NetworkStream):
    """A connection that knows the deadline of whichever request it serves."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        left = self._deadline.left(timeout)
        return _TimedStream(
            self._stream.start_tls(ssl_context, server_hostname, left), self._deadline
        )

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
