// CRC-32/ISO-HDLC, which is zlib's.
"use strict";

const table = new Uint32Array(256);
for (let n = 0; n < 256; n++) {
  let c = n;
  for (let bit = 0; bit < 8; bit++) {
    c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  }

  table[n] = c >>> 0;
}

/** CRC of the concatenation of Buffers. */
function crc32(...parts) {
  let c = 0xffffffff;
  for (const part of parts) {
    for (const byte of part) {
      c = table[(c ^ byte) & 0xff] ^ (c >>> 8);
    }
  }

  return (c ^ 0xffffffff) >>> 0;
}

module.exports = { crc32 };
