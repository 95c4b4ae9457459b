#!/usr/bin/env python3
"""Prints the content of .edb files as JSON, one object a line, as dump.cjs does.

Needs the Kaitai Struct runtime (python3-kaitaistruct) and generated/edb.py (npm run generate):

    python3 dump.py FILE...
"""
import json
import math
import os
import struct
import sys
import uuid
from io import BytesIO
from zlib import crc32

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "generated"))

from decode import elements  # noqa: E402
from edb import Edb  # noqa: E402
from kaitaistruct import KaitaiStream, KaitaiStructError  # noqa: E402

Kind = Edb.FrameKind
KEYED = (Kind.record, Kind.touch, Kind.tombstone)
NUMBERED = (Kind.record, Kind.touch)
CHECKED_WHOLE = KEYED + (Kind.properties, Kind.catalog)
MASK = (1 << 64) - 1


class DamagedFile(Exception):
    """The file is not what FORMAT.md says."""


def need(condition, what):
    if not condition:
        raise DamagedFile(what)


def sip_hash_2_4(key, data):
    """SipHash-2-4 (Aumasson & Bernstein, 2012)."""
    k0, k1 = struct.unpack("<QQ", key)
    v = [k0 ^ 0x736F6D6570736575, k1 ^ 0x646F72616E646F6D, k0 ^ 0x6C7967656E657261, k1 ^ 0x7465646279746573]

    def rotate(x, n):
        return ((x << n) | (x >> (64 - n))) & MASK

    def rounds(count):
        for _ in range(count):
            v[0] = (v[0] + v[1]) & MASK
            v[1] = rotate(v[1], 13) ^ v[0]
            v[0] = rotate(v[0], 32)
            v[2] = (v[2] + v[3]) & MASK
            v[3] = rotate(v[3], 16) ^ v[2]
            v[0] = (v[0] + v[3]) & MASK
            v[3] = rotate(v[3], 21) ^ v[0]
            v[2] = (v[2] + v[1]) & MASK
            v[1] = rotate(v[1], 17) ^ v[2]
            v[2] = rotate(v[2], 32)

    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 0xFF])
    for (word,) in struct.iter_unpack("<Q", padded):
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xFF
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


class EdbFile:
    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = file.read()
        self.root = Edb(KaitaiStream(BytesIO(self.bytes)))
        self.header = self.root.header
        need(crc32(self.bytes[:252]) == self.header.crc, "the header's CRC is wrong")
        self.slot = self.current_slot()
        self.catalog = self.read_catalog()
        self.sections = self.read_sections()
        if self.root.record_codebook is not None:
            self.check_section(self.frame_at(self.header.ofs_log))

    def at(self, kind, *arguments):
        """One of the grammar's parametric types."""
        return kind(*arguments, self.root._io, self.root, self.root)

    def current_slot(self):
        valid = [
            slot
            for offset, slot in ((self.header.ofs_slot_a, self.root.slot_a), (self.header.ofs_slot_b, self.root.slot_b))
            if slot.is_whole and crc32(self.bytes[offset:offset + 116]) == slot.crc
        ]
        need(valid, "neither slot is valid: recovery is a writer's task")
        slot = max(valid, key=lambda s: s.sequence)
        need(slot.features_read == 0, "the file uses features that this reader does not know")
        return slot

    def read_catalog(self):
        if self.slot.ofs_catalog == 0:
            return None
        frame = self.frame_at(self.slot.ofs_catalog)
        need(frame.kind == Kind.catalog and crc32(self.payload(frame)) == frame.crc_payload, "the catalog is damaged")
        return frame.body.catalog

    def frame_at(self, offset):
        frame = self.at(Edb.FrameAt, offset).frame
        sealed = self.bytes[offset:offset + 56] + struct.pack("<Q", offset) + self.header.salt
        need(crc32(sealed) == frame.crc_self, f"the self CRC at {offset} is wrong")
        return frame

    def log(self):
        chain = self.header.crc
        offset = self.header.ofs_log
        while offset < self.slot.ofs_published:
            frame = self.frame_at(offset)
            need(crc32(struct.pack("<I", chain) + self.bytes[offset:offset + 60]) == frame.crc_chain, f"the chain CRC at {offset} is wrong")
            need(frame.kind not in CHECKED_WHOLE or crc32(self.payload(frame)) == frame.crc_payload, f"the payload CRC at {offset} is wrong")
            yield frame
            chain = frame.crc_chain
            offset = frame.ofs_next
        need(offset == self.slot.ofs_published, "the log does not end at the published tail")
        need(chain == self.slot.chain_published, "the chain of the published tail is wrong")

    def payload(self, frame):
        body = frame.body
        length = 0
        if frame.kind in KEYED:
            length = getattr(body, "len_vector", 0) + frame.len_key + getattr(body, "len_metadata", 0)
        elif frame.kind in (Kind.properties, Kind.catalog):
            length = body.len_payload
        return self.bytes[frame.ofs_payload:frame.ofs_payload + length]

    def identity(self, frame):
        data = bytes([frame.body.role.value]) + frame.body.key
        need(sip_hash_2_4(self.header.salt, data) == word(frame.body.key_hash), f"the key hash at {frame.ofs_frame} is wrong")
        return data

    def live_by_log(self):
        newest = {}
        ordinal = 0
        for frame in self.log():
            if frame.kind not in KEYED:
                continue
            newest.pop(self.identity(frame), None)
            if frame.kind in NUMBERED:
                newest[self.identity(frame)] = (ordinal, frame.ofs_frame)
                ordinal += 1
        need(ordinal == self.slot.num_records, "the slot counts other records than the log holds")
        return sorted(newest.values())

    def live_by_index(self):
        ordinals = {}
        for section in self.sections_of(Kind.ordinals):
            for i in range(section.body.num_entries):
                ordinals[self.at(Edb.OrdinalsEntryAt, section.ofs_frame, i).entry.ofs_frame] = section.body.first_ordinal.value + i
        bits = set()
        for section in self.sections_of(Kind.live):
            for i in range(section.body.num_entries):
                value = word(self.at(Edb.LiveWordAt, section.ofs_frame, i).word)
                bits.update(section.body.first_ordinal.value + i * 64 + bit for bit in range(64) if value >> bit & 1)
        live = {ordinal: offset for offset, ordinal in ordinals.items() if ordinal in bits}
        need(self.catalog is None or len(live) == self.slot.num_live_indexed, "the slot counts other live records than the sections hold")
        self.follow_tail(live, ordinals)
        return sorted(live.items())

    def follow_tail(self, live, ordinals):
        tail = {}
        following = len(ordinals)
        offset = self.header.ofs_log if self.catalog is None else self.catalog.covers_to
        while offset < self.slot.ofs_published:
            frame = self.frame_at(offset)
            offset = frame.ofs_next
            if frame.kind not in KEYED:
                continue
            identity = self.identity(frame)
            live.pop(tail.get(identity), None)
            for earlier in self.look_up(word(frame.body.key_hash)):
                if earlier in ordinals and self.identity(self.frame_at(earlier)) == identity:
                    live.pop(ordinals[earlier], None)
            if frame.kind in NUMBERED:
                tail[identity] = following
                live[following] = frame.ofs_frame
                following += 1

    def look_up(self, key_hash):
        for section in self.sections_of(Kind.keys):
            low, high = 0, section.body.num_entries
            while low < high:
                middle = (low + high) // 2
                if word(self.at(Edb.KeysEntryAt, section.ofs_frame, middle).entry.key_hash) < key_hash:
                    low = middle + 1
                else:
                    high = middle
            while low < section.body.num_entries:
                entry = self.at(Edb.KeysEntryAt, section.ofs_frame, low).entry
                if word(entry.key_hash) != key_hash:
                    break
                yield entry.ofs_frame
                low += 1

    def sections_of(self, kind):
        return [frame for frame in self.sections if frame.kind == kind]

    def read_sections(self):
        frames = [self.frame_at(entry.ofs_frame) for entry in self.entries_in_use()]
        for entry, frame in zip(self.entries_in_use(), frames):
            described = (frame.kind, frame.len_frame, frame.body.num_entries, frame.body.covers_from.value * 64, frame.body.covers_to.value * 64)
            expected = (entry.kind, entry.len_frame, entry.num_entries, entry.covers_from, entry.covers_to)
            need(described == expected, f"the catalog describes another section than the one at {entry.ofs_frame}")
            self.check_section(frame)
        return sorted(frames, key=lambda frame: frame.body.covers_from.value)

    def entries_in_use(self):
        entries = self.catalog.sections if self.catalog is not None else []
        return [entry for entry in entries if not entry.flags.is_retired and entry.kind != Kind.properties]

    def check_section(self, frame):
        body = frame.body
        table = self.bytes[body.ofs_crcs:body.ofs_crcs + body.num_blocks * 4]
        need(crc32(table) == frame.crc_payload, f"the CRC table of the section at {frame.ofs_frame} is damaged")
        for i in range(body.num_blocks):
            block = self.bytes[frame.ofs_payload + i * 4096:frame.ofs_payload + min((i + 1) * 4096, body.len_entries)]
            crc = self.at(Edb.BlockCrcAt, frame.ofs_frame, body.num_entries, body.len_entry, i).crc
            need(crc32(block) == crc, f"block {i} of the section at {frame.ofs_frame} is damaged")


def word(halves):
    return halves.high << 32 | halves.low


def metadata_value(entry):
    kinds = Edb.MetadataType
    value = entry.value
    if entry.value_type == kinds.text:
        return {"text": value.value}
    if entry.value_type == kinds.integer:
        return {"integer": str((value.high << 32) + value.low)}
    if entry.value_type == kinds.real:
        return {"real": real(value.value)}
    if entry.value_type == kinds.boolean:
        return {"boolean": value.value}
    if entry.value_type == kinds.date:
        return {"date": value.value}
    if entry.value_type == kinds.list:
        return {"list": [item.value for item in value.items]}
    raise DamagedFile(f"unknown metadata type {entry.value_type}")


def real(value):
    """JSON has no NaN, no infinity, and some of its readers no negative zero."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 and math.copysign(1, value) < 0:
        return "-0"
    return value


def metadata(body):
    return {entry.name: metadata_value(entry) for entry in body.entries} if body is not None else {}


def key(frame):
    body = frame.body
    shown = {"key": body.key_text} if body.key_kind == Edb.KeyKind.text else {"digest": body.key.hex()}
    return {**shown, "role": body.role.name}


def record(frame, ordinal, dimension):
    is_touch = frame.kind == Kind.touch
    origin = frame.body.record if is_touch else frame
    return {
        "type": "record",
        "ordinal": ordinal,
        **key(frame),
        "created": origin.body.created.value,
        "touched": frame.body.created.value if is_touch else 0,
        "expires": frame.body.expires.value,
        "norm": origin.body.norm,
        "vector": struct.pack(f"<{dimension}f", *elements(origin)).hex(),
        "metadata": metadata(frame.body.metadata),
    }


def dump(path):
    file = EdbFile(path)
    live = file.live_by_log()
    need(live == file.live_by_index(), "the index sections and the log do not agree on what is live")
    header, slot = file.header, file.slot
    yield {
        "type": "header",
        "version": f"{header.version_major}.{header.version_minor}",
        "dimension": header.dimension,
        "element_type": header.element_type.name,
        "metric": header.metric.name,
        "key_storage": header.key_storage.name,
        "store": str(uuid.UUID(bytes=header.store_uuid)),
        "generation": header.generation,
        "created": header.created,
    }
    yield {
        "type": "snapshot",
        "epoch": slot.epoch,
        "transaction": slot.transaction,
        "records": slot.num_records,
        "tombstones": slot.num_tombstones,
        "committed": slot.committed,
        "sections": [f"{s.kind.name} level {s.level} entries {s.num_entries}" for s in file.entries_in_use()],
    }
    frames = list(file.log())
    properties = [frame for frame in frames if frame.kind == Kind.properties]
    if properties:
        yield {"type": "properties", "metadata": metadata(properties[-1].body.properties)}
    for ordinal, offset in live:
        yield record(file.frame_at(offset), ordinal, header.dimension)
    for frame in frames:
        if frame.kind == Kind.tombstone:
            yield {"type": "tombstone", **key(frame), "removed": frame.body.created.value, "transaction": frame.transaction.value}


def main(paths):
    sys.stdout.reconfigure(encoding="utf-8")
    failed = False
    for path in paths:
        try:
            for line in dump(path):
                print(json.dumps(line, ensure_ascii=False, separators=(",", ":")))
        except (DamagedFile, KaitaiStructError, EOFError, ValueError) as error:
            print(f"{path}: {error}", file=sys.stderr)
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
