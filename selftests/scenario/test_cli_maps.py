# SPDX-License-Identifier: GPL-2.0-or-later
"""The command twinpath: what it reads from maps, which are made with libbpf in a
bpffs of our own, in a mount namespace of this process: it leaves nothing behind.
"""
import ctypes
import os
import socket
import struct
from pathlib import Path

import pytest

from cli_place import failed, place, twinpath  # noqa: F401

CLONE_NEWNS = 0x00020000
MS_REC, MS_PRIVATE = 0x4000, 0x40000
HASH, ARRAY, PERCPU_ARRAY, LPM_TRIE = 1, 2, 6, 11
BPF_F_NO_PREALLOC = 1


class Maps:
    """Maps of the data plane's layout, pinned where nobody else looks."""

    def __init__(self, directory):
        self.directory = directory
        self.libbpf = ctypes.CDLL("libbpf.so.1", use_errno=True)
        self.cpus = self.libbpf.libbpf_num_possible_cpus()

    def create(self, name, kind, key_size, value_size, entries, flags=0):
        # struct bpf_map_create_opts: its size, BTF fd and three type ids,
        # inner map's fd, flags; what follows stays 0.
        options = struct.pack("=QIIIIII", 64, 0, 0, 0, 0, 0, flags)
        fd = self.libbpf.bpf_map_create(kind, None, key_size, value_size,
                                        entries, options.ljust(64, b"\0"))
        assert fd >= 0, os.strerror(-fd)
        path = str(self.directory / name).encode()
        assert self.libbpf.bpf_obj_pin(fd, path) == 0
        return fd

    def put(self, fd, key, value):
        assert self.libbpf.bpf_map_update_elem(fd, key, value,
                                               ctypes.c_uint64(0)) == 0


@pytest.fixture(scope="module")
def own_mounts():
    """What is mounted from here on is seen by this process alone."""
    if os.geteuid() != 0:
        pytest.skip("making maps needs root")
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.unshare(CLONE_NEWNS) == 0
    assert libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) == 0
    return libc


@pytest.fixture
def maps(own_mounts, place):
    target = str(place / "pins").encode()
    assert own_mounts.mount(b"bpf", target, b"bpf", 0, None) == 0
    (place / "pins" / "gw-a").mkdir()
    maps = Maps(place / "pins" / "gw-a")
    maps.create("layout", HASH, 4, 16, 1)
    yield maps
    assert own_mounts.umount2(target, 2) == 0


def route(maps, fd, prefix, length, kind, interface=0, via=None):
    mapped = b"\0" * 10 + b"\xff\xff"
    key = struct.pack("=I16s", 96 + length, mapped + socket.inet_aton(prefix))
    hop = mapped + socket.inet_aton(via) if via else bytes(16)
    maps.put(fd, key, struct.pack("=IBBxx16s", interface, kind,
                                  1 if via else 0, hop))


def test_routes(twinpath, maps):
    fd = maps.create("routes", LPM_TRIE, 20, 24, 64, BPF_F_NO_PREALLOC)
    assert twinpath("routes").out == "no routes\n"
    assert twinpath("routes", "--json").json == []
    loopback = socket.if_nametoindex("lo")
    route(maps, fd, "192.168.0.0", 24, 1, loopback)
    route(maps, fd, "10.1.0.0", 16, 1, 999999, via="192.168.0.9")
    route(maps, fd, "192.168.0.3", 32, 2)
    route(maps, fd, "10.0.0.0", 8, 3)
    outcome = twinpath("routes")
    assert outcome.status == 0
    assert [line.split() for line in outcome.lines] == [
        ["prefix", "kind", "via", "interface"],
        ["10.0.0.0/8", "kernel", "-", "-"],
        ["10.1.0.0/16", "inside", "192.168.0.9", "if999999"],
        ["192.168.0.0/24", "inside", "-", "lo"],
        ["192.168.0.3/32", "local", "-", "-"],
    ]
    rows = twinpath("--json", "routes").json
    assert rows[1] == {"prefix": "10.1.0.0/16", "kind": "inside",
                       "via": "192.168.0.9", "interface": "if999999"}
    assert rows[2] == {"prefix": "192.168.0.0/24", "kind": "inside",
                       "via": None, "interface": "lo"}


def test_many_routes(twinpath, maps):
    fd = maps.create("routes", LPM_TRIE, 20, 24, 2048, BPF_F_NO_PREALLOC)
    for i in range(1500):
        route(maps, fd, f"10.{i >> 8}.{i & 255}.0", 24, 1, 1)
    rows = [row["prefix"] for row in twinpath("--json", "routes").json]
    assert rows == [f"10.{i >> 8}.{i & 255}.0/24" for i in range(1500)]


def test_a_map_of_another_layout(twinpath, maps):
    maps.create("routes", LPM_TRIE, 20, 28, 64, BPF_F_NO_PREALLOC)
    assert failed(twinpath("routes"), "another layout")
    maps.create("reasons", HASH, 4, 8, 64)
    assert failed(twinpath("reasons"), "another layout")


def test_reasons(twinpath, maps, reasons_size):
    fd = maps.create("reasons", PERCPU_ARRAY, 4, reasons_size, 6)
    assert twinpath("reasons").out == "no packets yet\n"
    assert twinpath("reasons", "--json").json == []
    every = twinpath("reasons", "--all", "--json").json
    assert len(every) == 6 * reasons_size // 8
    assert {row["packets"] for row in every} == {0}
    names = [row["reason"] for row in every[:reasons_size // 8]]
    values = bytearray(reasons_size * maps.cpus)
    for cpu in range(maps.cpus):  # another count on each CPU
        struct.pack_into("=Q", values, cpu * reasons_size
                         + 8 * names.index("unsolicited"), 10 ** cpu)
    maps.put(fd, struct.pack("=I", 1), bytes(values))
    total = sum(10 ** cpu for cpu in range(maps.cpus))
    outcome = twinpath("reasons")
    assert [line.split()[:4] for line in outcome.lines] == [
        ["hook", "fate", "reason", "packets"],
        ["xdp_wan", "dropped", "unsolicited", str(total)]]
    assert outcome.lines[1].endswith("from outside, to nothing")
    assert twinpath("reasons", "--json").json == [{
        "hook": "xdp_wan", "reason": "unsolicited", "fate": "dropped",
        "packets": total, "text": "from outside, to nothing"}]
    assert len(twinpath("reasons", "--all").lines) == len(every) + 1


@pytest.fixture
def reasons_size():
    """8 bytes for each REASON(...) in the header."""
    header = (Path(__file__).parents[2] / "include" / "twinpath"
              / "reasons.h").read_text()
    return 8 * header.count("\tREASON(")


BPF_F_MMAPABLE = 1 << 10


def test_hosts(twinpath, maps):
    fd = maps.create("rations", ARRAY, 4, 64, 16384, BPF_F_MMAPABLE)
    outcome = twinpath("hosts")
    assert (outcome.out, outcome.err) == ("no hosts yet\n", "")
    assert twinpath("hosts", "--json").json == []
    held = {"192.168.0.10": (3, 5), "192.168.0.20": (9, 5),
            "10.0.0.1": (1, 40000), "10.0.0.2": (0, 0)}
    for n, (host, (sessions, ports)) in enumerate(held.items()):
        address = b"\0" * 10 + b"\xff\xff" + socket.inet_aton(host)
        line = struct.pack("=Q16s40x", sessions | ports << 24 | 7 << 48,
                           address)
        maps.put(fd, struct.pack("=I", 100 * n), line)
    # One that is being made is nobody's yet.
    maps.put(fd, struct.pack("=I", 5000),
             struct.pack("=Q56x", 1 << 63 | 5))
    assert [line.split() for line in twinpath("hosts").lines] == [
        ["host", "ports", "sessions"], ["10.0.0.1", "40000", "1"],
        ["192.168.0.20", "5", "9"], ["192.168.0.10", "5", "3"]]
    assert twinpath("hosts", "--json").json[0] == {
        "host": "10.0.0.1", "sessions": 1, "ports": 40000}


def test_pressure(twinpath, maps):
    header = (Path(__file__).parents[2] / "include" / "twinpath"
              / "pressure.h").read_text()
    size = 8 * header.count("\tPRESSURE(")
    fd = maps.create("pressure", PERCPU_ARRAY, 4, size, 1)
    values = bytearray(size * maps.cpus)
    for cpu in range(maps.cpus):
        struct.pack_into("=Q", values, cpu * size, 10 ** cpu)
    maps.put(fd, struct.pack("=I", 0), bytes(values))
    total = sum(10 ** cpu for cpu in range(maps.cpus))
    outcome = twinpath("pressure")
    assert [line.split()[:2] for line in outcome.lines[:3]] == [
        ["pressure", "count"], ["ports_ripened", str(total)],
        ["sessions_ripened", "0"]]
    rows = twinpath("pressure", "--json").json
    assert len(rows) == size // 8
    assert rows[0] == {"pressure": "ports_ripened", "count": total,
                       "text": "ports of finished connections freed early"}
