// Reads an .edb file with the generated reader, and does what Kaitai Struct leaves to others: CRCs, liveness, look-ups.
//
// What is live is found in two ways that know nothing of each other: from the index sections and the tail that they do not cover,
// and from the whole log. A file in which they differ is refused.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const KaitaiStream = require("kaitai-struct/KaitaiStream");
const { crc32 } = require("./crc32.cjs");
const { sipHash24 } = require("./sip-hash.cjs");

const Edb = (() => {
  const generated = require(path.join(__dirname, "generated", "Edb.js"));
  return generated.Edb ?? generated;
})();

const Kind = Edb.FrameKind;
const u4 = (value) => { const bytes = Buffer.alloc(4); bytes.writeUInt32LE(value); return bytes; };
const u8 = (value) => { const bytes = Buffer.alloc(8); bytes.writeBigUInt64LE(BigInt(value)); return bytes; };
const word = (halves) => (BigInt(halves.high) << 32n) | BigInt(halves.low);
const need = (condition, what) => { if (!condition) throw new Error(what); };
const hasKey = (kind) => kind === Kind.RECORD || kind === Kind.TOUCH || kind === Kind.TOMBSTONE;
const hasOrdinal = (kind) => kind === Kind.RECORD || kind === Kind.TOUCH;
const hasPayload = (kind) => hasKey(kind) || kind === Kind.PROPERTIES || kind === Kind.CATALOG;

class EdbFile {
  constructor(file) {
    this.bytes = fs.readFileSync(file);
    this.root = new Edb(new KaitaiStream(this.bytes));
    this.salt = Buffer.from(this.root.header.salt);
    need(crc32(this.bytes.subarray(0, 252)) === this.root.header.crc, "the header's CRC is wrong");
    this.slot = this.#currentSlot();
    this.catalog = this.#readCatalog();
    this.sections = this.#readSections();
    if (this.root.recordCodebook) {
      this.#checkSection(this.frameAt(this.root.header.ofsLog));
    }

  }

  /** One of the grammar's parametric types. */
  #at(Type, ...parameters) {
    return new Type(this.root._io, this.root, this.root, ...parameters);
  }

  /** The frame at an offset, its self CRC checked. */
  frameAt(offset) {
    const frame = this.#at(Edb.FrameAt, offset).frame;
    const header = this.bytes.subarray(offset, offset + 56);
    need(crc32(header, u8(offset), this.salt) === frame.crcSelf, `the self CRC at ${offset} is wrong`);
    return frame;
  }

  /** Every frame of the log up to the published tail, with every CRC. */
  *log() {
    let chain = this.root.header.crc;
    let offset = this.root.header.ofsLog;
    while (offset < this.slot.ofsPublished) {
      const frame = this.frameAt(offset);
      need(crc32(u4(chain), this.bytes.subarray(offset, offset + 60)) === frame.crcChain, `the chain CRC at ${offset} is wrong`);
      need(!hasPayload(frame.kind) || crc32(this.payload(frame)) === frame.crcPayload, `the payload CRC at ${offset} is wrong`);
      yield frame;
      chain = frame.crcChain;
      offset = frame.ofsNext;
    }

    need(offset === this.slot.ofsPublished, "the log does not end at the published tail");
    need(chain === this.slot.chainPublished, "the chain of the published tail is wrong");
  }

  /** The bytes that the payload CRC covers, of the kinds whose payload is checked in one piece. */
  payload(frame) {
    const body = frame.body;
    let length = 0;
    if (hasKey(frame.kind)) {
      length = (body.lenVector ?? 0) + frame.lenKey + (body.lenMetadata ?? 0);
    } else if (frame.kind === Kind.PROPERTIES || frame.kind === Kind.CATALOG) {
      length = body.lenPayload;
    }

    return this.bytes.subarray(frame.ofsPayload, frame.ofsPayload + length);
  }

  /** Role and key bytes as one string: what makes two frames be of one key. */
  identity(frame) {
    const data = Buffer.concat([Buffer.of(frame.body.role), Buffer.from(frame.body.key)]);
    need(sipHash24(this.salt, data) === word(frame.body.keyHash), `the key hash at ${frame.ofsFrame} is wrong`);
    return data.toString("latin1");
  }

  /** Ordinal to offset of every live record, from the whole log. */
  liveByLog() {
    const newest = new Map();
    let ordinal = 0;
    for (const frame of this.log()) {
      if (!hasKey(frame.kind)) {
        continue;
      }

      newest.delete(this.identity(frame));
      if (hasOrdinal(frame.kind)) {
        newest.set(this.identity(frame), [ordinal++, frame.ofsFrame]);
      }
    }

    need(ordinal === this.slot.numRecords, "the slot counts other records than the log holds");
    return new Map([...newest.values()].sort((a, b) => a[0] - b[0]));
  }

  /** Ordinal to offset of every live record, from the sections in use and the tail behind them. */
  liveByIndex() {
    const live = new Map();
    const ordinals = new Map();
    for (const section of this.#sections(Kind.ORDINALS)) {
      for (let i = 0; i < section.body.numEntries; i++) {
        const offset = this.#at(Edb.OrdinalsEntryAt, section.ofsFrame, i).entry.ofsFrame;
        ordinals.set(offset, section.body.firstOrdinal.value + i);
      }
    }

    const bits = this.#liveBits();
    for (const [offset, ordinal] of ordinals) {
      if (bits.has(ordinal)) {
        live.set(ordinal, offset);
      }
    }

    need(this.catalog === null || live.size === this.slot.numLiveIndexed, "the slot counts other live records than the sections hold");
    this.#followTail(live, ordinals);
    return new Map([...live].sort((a, b) => a[0] - b[0]));
  }

  /** Offsets of the frames that the keys sections name for a hash. */
  *lookUp(hash) {
    for (const section of this.#sections(Kind.KEYS)) {
      const entryAt = (i) => this.#at(Edb.KeysEntryAt, section.ofsFrame, i).entry;
      let low = 0;
      let high = section.body.numEntries;
      while (low < high) {
        const middle = Math.floor((low + high) / 2);
        if (word(entryAt(middle).keyHash) < hash) {
          low = middle + 1;
        } else {
          high = middle;
        }
      }

      for (; low < section.body.numEntries && word(entryAt(low).keyHash) === hash; low++) {
        yield entryAt(low).ofsFrame;
      }
    }
  }

  /** The catalog's entries of sections: not the retired ones, and not that of the properties. */
  get entriesInUse() {
    return (this.catalog?.sections ?? []).filter((entry) => !entry.flags.isRetired && entry.kind !== Kind.PROPERTIES);
  }

  #currentSlot() {
    const { ofsSlotA, ofsSlotB } = this.root.header;
    const valid = [[ofsSlotA, this.root.slotA], [ofsSlotB, this.root.slotB]]
      .filter(([offset, slot]) => slot.isWhole && crc32(this.bytes.subarray(offset, offset + 116)) === slot.crc)
      .map(([, slot]) => slot)
      .sort((a, b) => b.sequence - a.sequence);
    need(valid.length > 0, "neither slot is valid: recovery is a writer's task");
    need(valid[0].featuresRead === 0, "the file uses features that this reader does not know");
    return valid[0];
  }

  #readCatalog() {
    if (this.slot.ofsCatalog === 0) {
      return null;
    }

    const frame = this.frameAt(this.slot.ofsCatalog);
    need(frame.kind === Kind.CATALOG && crc32(this.payload(frame)) === frame.crcPayload, "the catalog is damaged");
    return frame.body.catalog;
  }

  /** Frames of the sections of a kind in use, in the order of what they cover. */
  #sections(kind) {
    return this.sections.filter((frame) => frame.kind === kind);
  }

  /** Frames of all sections in use, each held against its entry in the catalog, and the CRC of each block checked. */
  #readSections() {
    const frames = this.entriesInUse.map((entry) => {
      const frame = this.frameAt(entry.ofsFrame);
      const isDescribed = frame.kind === entry.kind && frame.lenFrame === entry.lenFrame && frame.body.numEntries === entry.numEntries
        && frame.body.coversFrom.value * 64 === entry.coversFrom && frame.body.coversTo.value * 64 === entry.coversTo;
      need(isDescribed, `the catalog describes another section than the one at ${entry.ofsFrame}`);
      return frame;
    });
    frames.forEach((frame) => this.#checkSection(frame));
    return frames.sort((a, b) => a.body.coversFrom.value - b.body.coversFrom.value);
  }

  #checkSection(frame) {
    const { lenEntries, numBlocks, numEntries, lenEntry, ofsCrcs } = frame.body;
    const blocks = Math.floor(numBlocks);
    need(crc32(this.bytes.subarray(ofsCrcs, ofsCrcs + blocks * 4)) === frame.crcPayload, `the CRC table of the section at ${frame.ofsFrame} is damaged`);
    for (let i = 0; i < blocks; i++) {
      const block = this.bytes.subarray(frame.ofsPayload + i * 4096, frame.ofsPayload + Math.min((i + 1) * 4096, lenEntries));
      const crc = this.#at(Edb.BlockCrcAt, frame.ofsFrame, numEntries, lenEntry, i).crc;
      need(crc32(block) === crc, `block ${i} of the section at ${frame.ofsFrame} is damaged`);
    }
  }

  #liveBits() {
    const bits = new Set();
    for (const section of this.#sections(Kind.LIVE)) {
      for (let i = 0; i < section.body.numEntries; i++) {
        const { low, high } = this.#at(Edb.LiveWordAt, section.ofsFrame, i).word;
        for (let bit = 0; bit < 64; bit++) {
          if (((bit < 32 ? low : high) >>> (bit % 32)) & 1) {
            bits.add(section.body.firstOrdinal.value + i * 64 + bit);
          }
        }
      }
    }

    return bits;
  }

  /** Applies what lies behind the indexed part: each frame with a key ends what the same key had before. */
  #followTail(live, ordinals) {
    let next = ordinals.size;
    const tail = new Map();
    let offset = this.catalog === null ? this.root.header.ofsLog : this.catalog.coversTo;
    while (offset < this.slot.ofsPublished) {
      const frame = this.frameAt(offset);
      offset = frame.ofsNext;
      if (!hasKey(frame.kind)) {
        continue;
      }

      const identity = this.identity(frame);
      live.delete(tail.get(identity));
      for (const earlier of this.lookUp(word(frame.body.keyHash))) {
        if (ordinals.has(earlier) && this.identity(this.frameAt(earlier)) === identity) {
          live.delete(ordinals.get(earlier));
        }
      }

      if (hasOrdinal(frame.kind)) {
        tail.set(identity, next);
        live.set(next++, frame.ofsFrame);
      }
    }
  }
}

module.exports = { Edb, EdbFile, Kind };
