// Prints the content of .edb files as JSON, one object a line: header, snapshot, properties, live records by ordinal, tombstones in the
// order of the log. After npm ci and npm run generate:
//
//   node dump.cjs FILE...
"use strict";

const { elements } = require("./decode.cjs");
const { Edb, EdbFile, Kind } = require("./edb-file.cjs");

const name = (names, value) => (names[value] ?? String(value)).toLowerCase();
const uuid = (bytes) => Buffer.from(bytes).toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");

function header({ header: h }) {
  return {
    type: "header",
    version: `${h.versionMajor}.${h.versionMinor}`,
    dimension: h.dimension,
    element_type: name(Edb.ElementType, h.elementType),
    metric: name(Edb.Metric, h.metric),
    key_storage: name(Edb.KeyStorage, h.keyStorage),
    store: uuid(h.storeUuid),
    generation: h.generation,
    created: h.created,
  };
}

function snapshot({ slot, entriesInUse }) {
  return {
    type: "snapshot",
    epoch: slot.epoch,
    transaction: slot.transaction,
    records: slot.numRecords,
    tombstones: slot.numTombstones,
    committed: slot.committed,
    sections: entriesInUse.map((s) => `${name(Edb.FrameKind, s.kind)} level ${s.level} entries ${s.numEntries}`),
  };
}

function metadataValue({ valueType, value }) {
  const Type = Edb.MetadataType;
  switch (valueType) {
    case Type.TEXT: return { text: value.value };
    case Type.INTEGER: return { integer: String((BigInt(value.high) << 32n) | BigInt(value.low)) };
    case Type.REAL: return { real: Number.isFinite(value.value) && !Object.is(value.value, -0) ? value.value : Object.is(value.value, -0) ? "-0" : String(value.value) };
    case Type.BOOLEAN: return { boolean: value.value };
    case Type.DATE: return { date: value.value };
    case Type.LIST: return { list: value.items.map((item) => item.value) };
    default: throw new Error(`unknown metadata type ${valueType}`);
  }
}

const metadata = (map) => Object.fromEntries((map?.entries ?? []).map((entry) => [entry.name, metadataValue(entry)]));

function key({ body }) {
  return {
    ...(body.keyKind === Edb.KeyKind.TEXT ? { key: body.keyText } : { digest: Buffer.from(body.key).toString("hex") }),
    role: name(Edb.Role, body.role),
  };
}

/** The vector's floats, read one by one by the generated reader (or decoded), as little-endian hexadecimal. */
function vectorHex(frame) {
  const vector = elements(frame);
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((element, i) => bytes.writeFloatLE(element, i * 4));
  return bytes.toString("hex");
}

function record(frame, ordinal) {
  const isTouch = frame.kind === Kind.TOUCH;
  const origin = isTouch ? frame.body.record : frame;
  return {
    type: "record",
    ordinal,
    ...key(frame),
    created: origin.body.created.value,
    touched: isTouch ? frame.body.created.value : 0,
    expires: frame.body.expires.value,
    norm: origin.body.norm,
    vector: vectorHex(origin),
    metadata: metadata(frame.body.metadata),
  };
}

function tombstone(frame) {
  return { type: "tombstone", ...key(frame), removed: frame.body.created.value, transaction: frame.transaction.value };
}

function* dump(path) {
  const file = new EdbFile(path);
  const live = file.liveByLog();
  if (JSON.stringify([...live]) !== JSON.stringify([...file.liveByIndex()])) {
    throw new Error("the index sections and the log do not agree on what is live");
  }

  yield header(file.root);
  yield snapshot(file);
  const frames = [...file.log()];
  const properties = frames.findLast((frame) => frame.kind === Kind.PROPERTIES);
  if (properties) {
    yield { type: "properties", metadata: metadata(properties.body.properties) };
  }

  for (const [ordinal, offset] of live) {
    yield record(file.frameAt(offset), ordinal);
  }

  yield* frames.filter((frame) => frame.kind === Kind.TOMBSTONE).map(tombstone);
}

for (const path of process.argv.slice(2)) {
  try {
    for (const line of dump(path)) {
      console.log(JSON.stringify(line));
    }
  } catch (error) {
    console.error(`${path}: ${error.message}`);
    process.exitCode = 1;
  }
}
