// Decodes the vectors of an .edb that are not float32, to the same bits as every other reader: each operation is rounded to binary32.
"use strict";

const { Edb } = require("./edb-file.cjs");

const f4 = Math.fround;
const MASK = (1n << 64n) - 1n;

/** The vector of a record frame. */
function elements({ body, _root }) {
  const { encoding } = body;
  if (encoding === Edb.Encoding.FLOAT32) {
    return body.vector;
  }

  const decoded = encoding === Edb.Encoding.FLOAT16 ? body.halves.map(half)
    : encoding === Edb.Encoding.INT8 ? body.signedBytes
      : direction(_root.recordCodebook, body.code);
  return decoded.map((element) => f4(element * body.encoded.scale));
}

function half(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

function direction(codebook, code) {
  const { header } = codebook;
  const bytes = Buffer.from(codebook.values);
  const values = Array.from({ length: codebook.numValues }, (_, i) => bytes.readFloatLE(i * 4));
  switch (header.kind) {
    case Edb.CodebookKind.PRODUCT: return ofProduct(header, values, code);
    case Edb.CodebookKind.ROTATED_PRODUCT: return rotateBack(ofProduct(header, values, code), (BigInt(header.seed.high) << 32n) | BigInt(header.seed.low));
    case Edb.CodebookKind.BINARY: return ofBinary(header, values, Buffer.from(code));
    default: throw new Error(`unknown kind of codebook ${header.kind}`);
  }
}

function ofProduct({ dimension, numSubspaces, numBits }, values, code) {
  const decoded = [];
  for (let subspace = 0; subspace < numSubspaces; subspace++) {
    const start = Math.floor(subspace * dimension / numSubspaces);
    const width = Math.floor((subspace + 1) * dimension / numSubspaces) - start;
    const centroid = numBits === 8 ? code[subspace] : (code[subspace >> 1] >> (subspace % 2 * 4)) & 15;
    const first = (start << numBits) + centroid * width;
    decoded.push(...values.slice(first, first + width));
  }

  return decoded;
}

function ofBinary({ dimension, numBits, seed }, centre, code) {
  const step = code.readFloatLE(0);
  const rotated = Array.from({ length: dimension }, (_, i) => {
    const level = (code[4 + ((i * numBits) >> 3)] >> ((i * numBits) % 8)) & ((1 << numBits) - 1);
    return f4(step * (level - ((1 << numBits) - 1) / 2));
  });
  const back = rotateBack(rotated, (BigInt(seed.high) << 32n) | BigInt(seed.low));
  return back.map((element, i) => f4(element + centre[i]));
}

function rotateBack(vector, seed) {
  const dimension = vector.length;
  const block = 2 ** Math.floor(Math.log2(dimension));
  for (const signs of roundsOfSigns(dimension, seed).reverse()) {
    if (block < dimension) {
      vector = [...vector.slice(0, dimension - block), ...transform(vector.slice(dimension - block))];
    }

    vector = [...transform(vector.slice(0, block)), ...vector.slice(block)];
    vector = vector.map((element, i) => element * signs[i]);
  }

  return vector;
}

function roundsOfSigns(dimension, seed) {
  const draw = () => {
    seed = (seed + 0x9E3779B97F4A7C15n) & MASK;
    let mixed = ((seed ^ (seed >> 30n)) * 0xBF58476D1CE4E5B9n) & MASK;
    mixed = ((mixed ^ (mixed >> 27n)) * 0x94D049BB133111EBn) & MASK;
    return mixed ^ (mixed >> 31n);
  };
  return [0, 1, 2].map(() => {
    const draws = Array.from({ length: Math.ceil(dimension / 64) }, draw);
    return Array.from({ length: dimension }, (_, i) => ((draws[i >> 6] >> BigInt(i % 64)) & 1n ? -1 : 1));
  });
}

function transform(block) {
  for (let half = 1; half < block.length; half *= 2) {
    for (let i = 0; i < block.length; i++) {
      if ((i & half) === 0) {
        [block[i], block[i + half]] = [f4(block[i] + block[i + half]), f4(block[i] - block[i + half])];
      }
    }
  }

  const scale = f4(1 / Math.sqrt(block.length));
  return block.map((element) => f4(element * scale));
}

module.exports = { elements };
