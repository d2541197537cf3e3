# SPDX-License-Identifier: GPL-2.0-or-later
"""The stack of every chain of calls, counted as Linux 6.1 counts it.

A program and all the functions that are open at once have 512 bytes together.
Linux 6.1 rounds each of them up to 32 bytes, later kernels to 16: what loads
on the developer's machine may not load on the oldest one that is promised.
The object is read here byte by byte, so that no kernel is needed for it.
"""
import os
import struct
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("TWINPATH_BUILD", ROOT / "build")).resolve()
LIMIT, STEP = 512, 32
CALL, LOAD_WIDE, PSEUDO_CALL, PSEUDO_FUNC = 0x85, 0x18, 1, 4
FUNCTION, RELOCATIONS, SYMBOLS = 2, 9, 2


class Object:
    """Functions of a BPF object: their frames, and whom they call."""

    def __init__(self, path):
        self.data = path.read_bytes()
        self.sections = self._sections()
        self.symbols = self._symbols()
        self.functions = {}  # (section, offset) -> (name, size)
        for name, kind, section, value, size in self.symbols:
            if kind == FUNCTION:
                self.functions[section, value] = (name, size)
        self.frame, self.calls = {}, {}
        relocations = self._relocations()
        for (section, start), (name, size) in self.functions.items():
            self._walk(name, section, start, size, relocations)

    def _sections(self):
        offset, = struct.unpack_from("<Q", self.data, 0x28)
        size, count = struct.unpack_from("<HH", self.data, 0x3a)
        return [struct.unpack_from("<IIQQQQIIQQ", self.data, offset + i * size)
                for i in range(count)]

    def _symbols(self):
        table = next(s for s in self.sections if s[1] == SYMBOLS)
        names = self.sections[table[6]][4]
        found = []
        for at in range(table[4], table[4] + table[5], 24):
            name, info, _, section, value, size = struct.unpack_from(
                "<IBBHQQ", self.data, at)
            end = self.data.index(b"\0", names + name)
            found.append((self.data[names + name:end].decode(), info & 15,
                          section, value, size))
        return found

    def _relocations(self):
        """{(section, offset): symbol}"""
        found = {}
        for section in self.sections:
            if section[1] != RELOCATIONS:
                continue
            for at in range(section[4], section[4] + section[5], 16):
                offset, info = struct.unpack_from("<QQ", self.data, at)
                found[section[7], offset] = self.symbols[info >> 32]
        return found

    def _walk(self, name, section, start, size, relocations):
        self.frame[name], self.calls[name] = 0, set()
        base = self.sections[section][4]
        for at in range(start, start + size, 8):
            code, registers, offset, value = struct.unpack_from(
                "<BBhi", self.data, base + at)
            low, high = registers & 15, registers >> 4
            kind = code & 7
            # An access by r10, or an address made of it: mov, then add.
            if (kind in (2, 3) and low == 10) or (kind == 1 and high == 10):
                self._deepen(name, -offset)
            if code == 0x07 and -LIMIT <= value < 0:
                self._deepen(name, -value)
            target = relocations.get((section, at))
            if code == CALL and high == PSEUDO_CALL:
                self._call(name, section, at // 8 + 1 + value, target, value)
            elif code == LOAD_WIDE and target and target[2]:
                self._call(name, section, None, target, value // 8 - 1)

    def _deepen(self, name, depth):
        self.frame[name] = max(self.frame[name], depth)

    def _call(self, name, section, instruction, target, value):
        """`value`: where in the target's section, when that is named."""
        place = (section, instruction and instruction * 8)
        if target and target[1] == FUNCTION:
            place = (target[2], target[3])
        elif target:
            place = (target[2], (value + 1) * 8)
        if place in self.functions:
            self.calls[name].add(self.functions[place][0])

    def deepest(self, name):
        """(bytes, the chain) of the deepest calls from this function on."""
        size, chain = max((self.deepest(called) for called in
                           self.calls[name]), default=(0, []))
        frame = -(-max(self.frame[name], 1) // STEP) * STEP
        return size + frame, ["%s %d" % (name, self.frame[name])] + chain


def test_every_chain_of_calls_fits_the_stack_of_linux_6_1():
    read = Object(BUILD / "twinpath.bpf.o")
    chains = {name: read.deepest(name) for name in read.frame}
    # It sees what is there: a function of a function, and a call-back.
    assert any("session_sweep" in called for called in read.calls.values())
    assert any("claim_try" in called for called in read.calls.values())
    assert chains["tc_lan"][0] > 300
    assert {name: chain for name, chain in chains.items()
            if chain[0] > LIMIT} == {}
