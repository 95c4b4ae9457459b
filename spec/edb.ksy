meta:
  id: edb
  title: EmbedCache file
  application: EmbedCache
  file-extension: edb
  license: MIT
  ks-version: '0.10'
  encoding: UTF-8
  endian: le
  bit-endian: le
doc: |
  One file that keeps embedding vectors by text: a header written once, two
  commit slots of which the newer valid one is current, and an append-only
  log of frames, each on a 64-byte boundary.

  Nothing here repeats over all records: a file may hold many millions. To
  walk the log, follow `first_frame` and each frame's `next` as far as the
  current slot's `ofs_published`. To read one place, instantiate one of the
  parametric types yourself: `frame_at(ofs)`, `keys_entry_at(ofs, idx)`,
  `ordinals_entry_at(ofs, idx)`, `live_word_at(ofs, idx)`,
  `codebook_at(ofs)`, `code_row_at(ofs, num_entries, dimension, idx)`, `graph_at(ofs)`,
  `graph_row_at(graph, idx)`, `graph_entry_at(graph, ofs_level, idx)`,
  `short_code_block_at(ofs, num_subspaces, idx)`, `columns_at(ofs)`,
  `column_at(ofs, idx)` and
  `block_crc_at(ofs, num_entries, len_entry, idx)`.

  Kaitai Struct computes no checksums. FORMAT.md says which bytes each CRC
  covers, and which a reader checks when; it also has the rules of commit and
  recovery, and the recipe of keys. All CRCs are CRC-32/ISO-HDLC, as zlib's.
  All offsets are below 2^53, all times are milliseconds since 1970 in UTC.
doc-ref: FORMAT.md
seq:
  - id: header
    type: file_header
    doc: Only what can never change.
instances:
  slot_a:
    pos: header.ofs_slot_a
    type: commit_slot
    doc: The slot of even sequences.
  slot_b:
    pos: header.ofs_slot_b
    type: commit_slot
    doc: The slot of odd sequences.
  first_frame:
    pos: header.ofs_log
    type: frame(header.ofs_log)
    if: _io.size >= header.ofs_log + 64
    doc: |
      Where the log begins. A frame only when the current slot's
      `ofs_published` lies beyond it.
  record_codebook:
    pos: header.ofs_log
    type: record_codebook
    if: _io.size >= header.ofs_log + 128 and first_frame.kind == frame_kind::codebook
    doc: What records are codes of, in files that have such.
types:
  file_header:
    doc: 256 bytes, written once.
    doc-ref: FORMAT.md#header
    seq:
      - id: magic
        contents: [0x89, EDB, 0x0d, 0x0a, 0x1a, 0x0a]
        doc: |
          Not text, and damaged visibly by a transfer that strips bit 7 or
          converts line ends.
      - id: version_major
        type: u2
        valid: 1
        doc: A reader refuses another one.
      - id: version_minor
        type: u2
        doc: |
          Of the writer that created the file. Informative: what must be
          understood stands in the slots' features.
      - id: len_header
        type: u4
        doc: Always 256 in version 1.
      - id: dimension
        type: u4
        doc: Elements per vector, 1 to 65536.
      - id: element_type
        type: u1
        enum: element_type
        doc: Type of a vector's elements.
      - id: metric
        type: u1
        enum: metric
        doc: How vectors are compared.
      - id: key_storage
        type: u1
        enum: key_storage
        doc: What the file keeps of keys.
      - id: key_hash
        type: u1
        enum: key_hash
        doc: How keys are hashed.
      - id: store_uuid
        size: 16
        doc: Identity of the store, in RFC 4122 byte order. Stays through compaction.
      - id: generation
        type: u4
        doc: 1 at creation, one more for each compaction.
      - id: reserved_1
        size: 4
        doc: Zero.
      - id: salt
        size: 16
        doc: Random. Keys hashes and digests, and binds each frame to its file.
      - id: ofs_slot_a
        type: u8
        doc: Always 4096 in version 1.
      - id: ofs_slot_b
        type: u8
        doc: Always 8192 in version 1.
      - id: ofs_log
        type: u8
        doc: Always 12288 in version 1.
      - id: created
        type: u8
        doc: When the store was created, in Unix milliseconds.
      - id: reserved_2
        size: 156
        doc: Zero.
      - id: crc
        type: u4
        doc: Over bytes 0 to 251.
  commit_slot:
    doc: |
      128 bytes in a page of their own. Valid when `crc` holds, both sequences
      are equal and the tails are possible; of two valid slots the one of the
      higher sequence is current.
    doc-ref: FORMAT.md#commit-slots
    seq:
      - id: sequence
        type: u8
        doc: At least 1, one more for each slot written.
      - id: epoch
        type: u4
        doc: |
          At least 1, one more for each recovery and each rollback over
          written bytes.
      - id: features_read
        type: u4
        doc: Bits that a reader must understand. None in version 1.0.
      - id: features_write
        type: u4
        doc: Bits that a writer must understand. None in version 1.0.
      - id: features_ignorable
        type: u4
        doc: Bits that may be ignored. None in version 1.0.
      - id: ofs_published
        type: u8
        doc: Published tail. The log ends here for readers.
      - id: ofs_durable
        type: u8
        doc: Durable tail. What lies below was on stable storage before this slot was written.
      - id: ofs_catalog
        type: u8
        doc: Frame that names the index sections in use; 0 for none.
      - id: chain_published
        type: u4
        doc: '`crc_chain` of the last frame below `ofs_published`.'
      - id: chain_durable
        type: u4
        doc: '`crc_chain` of the last frame below `ofs_durable`.'
      - id: num_records
        type: u8
        doc: Record and touch frames in the log, which is the next ordinal.
      - id: num_tombstones
        type: u8
        doc: Tombstone frames in the log.
      - id: num_live_indexed
        type: u8
        doc: Live ordinals when the catalog was written.
      - id: transaction
        type: u8
        doc: Number of the newest committed transaction, below 2^48.
      - id: committed
        type: u8
        doc: When the newest transaction was committed, in Unix milliseconds.
      - id: state
        type: u4
        doc: Flags; see `is_superseded`.
      - id: boot
        type: word64
        doc: |
          Which run of which machine wrote the slot; 0 when that is not known.
          While it is this run of this machine, nothing below `ofs_published`
          can have been lost.
      - id: reserved
        size: 8
        doc: Zero.
      - id: crc
        type: u4
        doc: Over bytes 0 to 115.
      - id: sequence_again
        type: u8
        doc: Equal to `sequence` unless the write was torn.
    instances:
      is_whole:
        value: sequence == sequence_again and sequence > 0
        doc: Necessary, not sufficient. Check `crc` too.
      is_superseded:
        value: (state & 1) != 0
        doc: A compaction put a newer generation at this file's path.
  frame:
    doc: |
      A 64-byte header; the payload follows it, padded with zeros to a
      64-byte boundary. The header's fields that depend on the kind, and the
      payload, are in `body`.
    doc-ref: FORMAT.md#frames
    params:
      - id: ofs_frame
        type: u8
        doc: Where this frame begins in the file.
    seq:
      - id: kind
        type: u1
        enum: frame_kind
        doc: What the frame is. 0 is no frame.
      - id: flags
        type: frame_flags
        doc: Flags of the frame.
      - id: len_key
        type: u2
        doc: Length of the key in a record, touch or tombstone; else 0.
      - id: num_units
        type: u4
        doc: Length of the frame in units of 64 bytes, header and padding included.
      - id: epoch
        type: u4
        doc: Of the slot that was current when the frame was written.
      - id: crc_payload
        type: u4
        doc: |
          Over the payload without padding; in a section over the table of
          block CRCs alone. Of no bytes at all it is 0.
      - id: transaction
        type: uint48
        doc: Number of the transaction; rises through the log.
      - id: body
        size: 34
        type:
          switch-on: kind
          cases:
            'frame_kind::record': record_body
            'frame_kind::tombstone': tombstone_body
            'frame_kind::touch': touch_body
            'frame_kind::commit': commit_body
            'frame_kind::record_block': record_block_body
            'frame_kind::keys': section_body
            'frame_kind::ordinals': section_body
            'frame_kind::live': section_body
            'frame_kind::graph': section_body
            'frame_kind::codebook': section_body
            'frame_kind::codes': section_body
            'frame_kind::columns': section_body
            'frame_kind::properties': properties_body
            'frame_kind::catalog': catalog_body
        doc: Fields and payload of the kind.
      - id: crc_self
        type: u4
        doc: Over bytes 0 to 55, the frame's offset as u8 and the file's salt.
      - id: crc_chain
        type: u4
        doc: |
          Over the `crc_chain` of the frame before as u4 and bytes 0 to 59. The
          first frame continues the file header's `crc`.
    instances:
      ofs_payload:
        value: (ofs_frame + 64).as<u8>
        doc: Where the payload begins in the file.
      len_frame:
        value: (num_units.as<u8> * 64).as<u8>
        doc: Length of the frame in bytes, header and padding included.
      ofs_next:
        value: (ofs_frame + num_units.as<u8> * 64).as<u8>
        doc: Where the next frame begins, unless that is the tail.
      next:
        io: _root._io
        pos: ofs_next
        type: frame(ofs_next)
        if: num_units > 0 and _root._io.size >= ofs_next + 64
        doc: |
          The next frame. A frame only when the current slot's `ofs_published`
          lies beyond it.
  frame_flags:
    doc: Flags of a frame.
    seq:
      - id: is_commit
        type: b1
        doc: The last frame of its transaction.
      - id: is_punched
        type: b1
        doc: The payload was released when the frame was copied. Not written by version 1.0.
      - id: reserved
        type: b6
        doc: Zero.
  record_body:
    doc: |
      One put. Payload: vector, key, metadata. The vector stands at the frame
      + 64, always, so that it is aligned in a mapped file.
    doc-ref: FORMAT.md#record-touch-tombstone
    seq:
      - id: len_metadata
        type: u2
        doc: Length of the metadata; 0 for none.
      - id: key_hash
        type: word64
        doc: Hash of role and key.
      - id: created
        type: uint48
        doc: When the frame was written, in Unix milliseconds.
      - id: expires
        type: uint48
        doc: When the record expires, in Unix milliseconds; 0 for never.
      - id: len_vector
        type: u4
        doc: Length of the vector in bytes.
      - id: norm
        type: f4
        doc: L2 norm of the (decoded) vector, computed in binary64 and rounded.
      - id: encoding
        type: u1
        enum: encoding
        doc: How the vector is encoded.
      - id: key_kind
        type: b4
        enum: key_kind
        doc: What the key's bytes are.
      - id: role
        type: b4
        enum: role
        doc: Role; part of the key.
      - id: codebook
        type: u2
        doc: 2 with encoding code (the number of the root's `record_codebook`), else 0.
    instances:
      vector_raw:
        io: _root._io
        pos: _parent.ofs_payload
        size: len_vector
        doc: The vector's bytes.
      vector:
        io: _root._io
        pos: _parent.ofs_payload
        type: f4
        repeat: expr
        repeat-expr: len_vector / 4
        if: encoding == encoding::float32
        doc: The vector, bit for bit as it was set.
      halves:
        io: _root._io
        pos: _parent.ofs_payload
        type: u2
        repeat: expr
        repeat-expr: (len_vector - 8) / 2
        if: encoding == encoding::float16
        doc: The bits of finite IEEE 754 binary16 numbers, to be multiplied by `encoded.scale`.
      signed_bytes:
        io: _root._io
        pos: _parent.ofs_payload
        type: s1
        repeat: expr
        repeat-expr: len_vector - 8
        if: encoding == encoding::int8
        doc: To be multiplied by `encoded.scale`.
      code:
        io: _root._io
        pos: _parent.ofs_payload
        size: len_vector - 8
        if: encoding == encoding::code
        doc: |
          A code of the root's `record_codebook`; what it decodes to is to be
          multiplied by `encoded.scale`.
      encoded:
        io: _root._io
        pos: _parent.ofs_payload + len_vector - 8
        type: encoded_fields
        if: encoding != encoding::float32 and encoding != encoding::none
        doc: What stands behind a vector that is not float32.
      key:
        io: _root._io
        pos: _parent.ofs_payload + len_vector
        size: _parent.len_key
        doc: 'The key: UTF-8 of the text, or its digest.'
      key_text:
        io: _root._io
        pos: _parent.ofs_payload + len_vector
        size: _parent.len_key
        type: str
        if: key_kind == key_kind::text
        doc: The key's text.
      metadata:
        io: _root._io
        pos: _parent.ofs_payload + len_vector + _parent.len_key
        size: len_metadata
        type: metadata_map
        if: len_metadata > 0
        doc: The record's metadata.
  touch_body:
    doc: |
      New expiry and metadata for a record, without its vector. It takes a new
      ordinal, and the one of the frame that it replaces dies. Payload: key,
      metadata.
    doc-ref: FORMAT.md#record-touch-tombstone
    seq:
      - id: len_metadata
        type: u2
        doc: Length of the metadata; 0 for none.
      - id: key_hash
        type: word64
        doc: Hash of role and key.
      - id: created
        type: uint48
        doc: When the frame was written, in Unix milliseconds.
      - id: expires
        type: uint48
        doc: When the record expires, in Unix milliseconds; 0 for never.
      - id: ofs_record
        type: u8
        doc: The record frame whose vector it keeps; never another touch.
      - id: encoding
        type: u1
        enum: encoding
        doc: '`none`.'
      - id: key_kind
        type: b4
        enum: key_kind
        doc: What the key's bytes are.
      - id: role
        type: b4
        enum: role
        doc: Role; part of the key.
      - id: codebook
        type: u2
        doc: Zero.
    instances:
      record:
        io: _root._io
        pos: ofs_record
        type: frame(ofs_record)
        doc: The record frame whose vector it keeps.
      key:
        io: _root._io
        pos: _parent.ofs_payload
        size: _parent.len_key
        doc: 'The key: UTF-8 of the text, or its digest.'
      key_text:
        io: _root._io
        pos: _parent.ofs_payload
        size: _parent.len_key
        type: str
        if: key_kind == key_kind::text
        doc: The key's text.
      metadata:
        io: _root._io
        pos: _parent.ofs_payload + _parent.len_key
        size: len_metadata
        type: metadata_map
        if: len_metadata > 0
        doc: The metadata that holds from now on.
  tombstone_body:
    doc: 'A key was removed. Payload: the whole key.'
    doc-ref: FORMAT.md#record-touch-tombstone
    seq:
      - id: reserved_1
        size: 2
        doc: Zero.
      - id: key_hash
        type: word64
        doc: Hash of role and key.
      - id: created
        type: uint48
        doc: When it was removed, in Unix milliseconds.
      - id: reserved_2
        size: 14
        doc: Zero.
      - id: encoding
        type: u1
        enum: encoding
        doc: '`none`.'
      - id: key_kind
        type: b4
        enum: key_kind
        doc: What the key's bytes are.
      - id: role
        type: b4
        enum: role
        doc: Role; part of the key.
      - id: codebook
        type: u2
        doc: Zero.
    instances:
      key:
        io: _root._io
        pos: _parent.ofs_payload
        size: _parent.len_key
        doc: 'The key: UTF-8 of the text, or its digest.'
      key_text:
        io: _root._io
        pos: _parent.ofs_payload
        size: _parent.len_key
        type: str
        if: key_kind == key_kind::text
        doc: The key's text.
  commit_body:
    doc: |
      End of a transaction whose last frame had been written before. No
      payload.
    doc-ref: FORMAT.md#commit
    seq:
      - id: reserved
        size: 34
        doc: Zero.
  record_block_body:
    doc: |
      Many small records packed into one frame, for compressed files. Reserved:
      a file that holds one sets a bit of `features_read`.
    doc-ref: FORMAT.md#reserved-kinds
    seq:
      - id: reserved
        size: 34
        doc: Not defined yet.
  section_body:
    doc: |
      An index section: fixed-size entries, then one CRC for each block of
      4,096 bytes of them. Immutable, and rebuildable from the log. Sections
      that the catalog does not name may have been released: their payload
      then reads as zeros. What the entries of reserved kinds hold is not
      defined yet.
    doc-ref: FORMAT.md#sections
    seq:
      - id: len_entry
        type: u2
        doc: |
          Length of an entry: 16 in keys, 8 in ordinals and live, 64 (a line) in
          graph, codebook, codes and columns.
      - id: num_entries
        type: u8
        doc: |
          Number of entries; in live, of words of 64 bits; in graph, codebook, codes
          and columns, of lines of 64 bytes.
      - id: covers_from
        type: uint48
        doc: Unit of the log from which it covers the log.
      - id: covers_to
        type: uint48
        doc: Unit of the log before which it covers the log.
      - id: level
        type: u4
        doc: How many times its content was merged.
      - id: first_ordinal
        type: uint48
        doc: |
          Ordinal of the first entry, bit, row or slot, in ordinals, live, codes
          and columns; else 0.
      - id: codebook
        type: u2
        doc: |
          In a codebook section its number, in a codes section the number of the
          codebook that the codes are relative to; else 0.
    instances:
      len_entries:
        value: (num_entries * len_entry).as<u8>
        doc: Length of all entries in bytes.
      num_blocks:
        value: ((num_entries * len_entry + 4095) / 4096).as<u8>
        doc: Number of blocks, and of CRCs. The last block may be short.
      ofs_crcs:
        value: (_parent.ofs_payload + num_entries * len_entry).as<u8>
        doc: Where the table of block CRCs begins in the file.
  properties_body:
    doc: |
      What may be learned or changed after creation. The newest properties
      frame of the log holds; it replaces all of the one before.
    doc-ref: FORMAT.md#properties
    seq:
      - id: reserved_1
        size: 22
        doc: Zero.
      - id: len_payload
        type: u4
        doc: Length of the payload.
      - id: reserved_2
        size: 8
        doc: Zero.
    instances:
      properties:
        io: _root._io
        pos: _parent.ofs_payload
        size: len_payload
        type: metadata_map
        if: len_payload > 0
        doc: Names and values.
  catalog_body:
    doc: Names the index sections in use.
    doc-ref: FORMAT.md#catalog
    seq:
      - id: reserved_1
        size: 22
        doc: Zero.
      - id: len_payload
        type: u4
        doc: Length of the payload.
      - id: reserved_2
        size: 8
        doc: Zero.
    instances:
      catalog:
        io: _root._io
        pos: _parent.ofs_payload
        size: len_payload
        type: catalog_payload
        doc: The sections in use.
  catalog_payload:
    doc: Payload of a catalog frame.
    doc-ref: FORMAT.md#catalog
    seq:
      - id: num_sections
        type: u4
        doc: Number of sections in use.
      - id: reserved
        size: 4
        doc: Zero.
      - id: covers_to
        type: u8
        doc: Everything in the log below this offset is indexed.
      - id: sections
        type: catalog_entry
        repeat: expr
        repeat-expr: num_sections
        doc: A few dozen, whatever the number of records.
  catalog_flags:
    doc: Flags of a catalog's entry.
    doc-ref: FORMAT.md#catalog
    seq:
      - id: is_retired
        type: b1
        doc: Newer sections replaced this one, and its space is still to be given back. A reader passes it over.
      - id: reserved
        type: b7
        doc: Zero.
  catalog_entry:
    doc: A section in use, a retired one, or the properties frame that holds.
    doc-ref: FORMAT.md#catalog
    seq:
      - id: kind
        type: u1
        enum: frame_kind
        doc: Kind of the frame.
      - id: flags
        type: catalog_flags
        doc: Flags of the entry.
      - id: level
        type: u2
        doc: The section's level.
      - id: reserved
        size: 4
        doc: Zero.
      - id: ofs_frame
        type: u8
        doc: Where the frame begins.
      - id: len_frame
        type: u8
        doc: Length of the frame in bytes.
      - id: covers_from
        type: u8
        doc: Log offset from which it covers the log, in bytes; `ofs_log` for properties.
      - id: covers_to
        type: u8
        doc: Log offset before which it covers the log, in bytes; `ofs_log` for properties.
      - id: num_entries
        type: u8
        doc: Number of entries; 0 for properties.
    instances:
      frame:
        io: _root._io
        pos: ofs_frame
        type: frame(ofs_frame)
        doc: The frame.
  keys_entry:
    doc: |
      Entry of a keys section: the newest frame of one key in the range of the
      log that the section covers. Entries are sorted by hash as an unsigned
      number, then by offset. Equal hashes are told apart by the keys in the
      log.
    doc-ref: FORMAT.md#sections
    seq:
      - id: key_hash
        type: word64
        doc: Hash of role and key.
      - id: ofs_and_flag
        type: u8
        doc: The frame's offset; its lowest bit, which no offset of a frame has, is set for a tombstone.
    instances:
      is_tombstone:
        value: ofs_and_flag % 2 != 0
        doc: The frame is a tombstone.
      ofs_frame:
        value: (ofs_and_flag - ofs_and_flag % 2).as<u8>
        doc: A record, touch or tombstone frame.
      frame:
        io: _root._io
        pos: ofs_frame
        type: frame(ofs_frame)
        doc: The frame.
  ordinals_entry:
    doc: Entry of an ordinals section, ascending. Its ordinal is `first_ordinal` + its index.
    doc-ref: FORMAT.md#sections
    seq:
      - id: ofs_frame
        type: u8
        doc: A record or touch frame.
    instances:
      frame:
        io: _root._io
        pos: ofs_frame
        type: frame(ofs_frame)
        doc: The frame.
  codebook_header:
    doc: The first line of a codebook section of scalar codes.
    doc-ref: FORMAT.md#codes
    seq:
      - id: kind
        type: u1
        enum: codebook_kind
        doc: What the codebook is of.
      - id: reserved_1
        size: 1
        doc: Zero.
      - id: number
        type: u2
        doc: The section's `codebook`.
      - id: dimension
        type: u4
        doc: The file's.
      - id: num_mean
        type: u4
        doc: Elements of the mean, 0 (the mean is zero) or the dimension.
      - id: reserved_2
        size: 52
        doc: Zero.
  encoded_fields:
    doc: The last 8 bytes of a vector that is not float32.
    doc-ref: FORMAT.md#encoded-vectors
    seq:
      - id: scale
        type: f4
        doc: What the decoded elements are multiplied by.
      - id: residual
        type: f4
        doc: |
          L2 norm of the vector that was given less the decoded one, rounded
          up.
  record_codebook_header:
    doc: The first line of the codebook that records are codes of, or of that of the short codes.
    doc-ref: FORMAT.md#encoded-vectors
    seq:
      - id: kind
        type: u1
        enum: codebook_kind
        doc: Product, binary or rotated product.
      - id: num_bits
        type: u1
        doc: 'Product, rotated or not: bits of the code of a subspace, 8 or 4. Binary: of an element, 1, 2 or 4.'
      - id: number
        type: u2
        doc: The section's `codebook`, 2 for records, 3 for short codes.
      - id: dimension
        type: u4
        doc: The file's.
      - id: num_subspaces
        type: u4
        doc: 'Product, rotated or not: 1 to the dimension. Binary: 0.'
      - id: len_code
        type: u4
        doc: Bytes of a code.
      - id: seed
        type: word64
        doc: Of the rotation, or of the training.
      - id: num_trained
        type: u8
        doc: Vectors that it was learned from.
      - id: reserved
        size: 32
        doc: Zero.
  record_codebook:
    doc: What records are codes of.
    doc-ref: FORMAT.md#encoded-vectors
    instances:
      header:
        io: _root._io
        pos: _root.header.ofs_log + 64
        type: record_codebook_header
        doc: The first line.
      num_values:
        value: 'header.kind == codebook_kind::binary ? header.dimension : (1 << header.num_bits) * header.dimension'
        doc: Floats that follow.
      values:
        io: _root._io
        pos: _root.header.ofs_log + 128
        size: num_values * 4
        doc: |
          As many f4. Product, rotated or not: centroids, by subspace, centroid
          and element.
          Binary: the centre.
  graph_header:
    doc: The first line of a graph section.
    doc-ref: FORMAT.md#graph
    seq:
      - id: kind
        type: u1
        enum: graph_layer_kind
        doc: What the section holds.
      - id: num_levels
        type: u1
        doc: Levels above level 0, at most 15; of an overlay 0.
      - id: m
        type: u2
        doc: Neighbours that a row of an upper level has room for, 2 to 64.
      - id: m0
        type: u2
        doc: Neighbours that a row of level 0 has room for, a multiple of 16, 16 to 64.
      - id: ef_construction
        type: u2
        doc: Candidates that an insertion looked at.
      - id: num_nodes
        type: u4
        doc: Nodes of the graph with this layer, 1 to 2^30 - 1. A node's number is its ordinal.
      - id: num_rows
        type: u4
        doc: Rows of level 0 in this layer; of a base `num_nodes`.
      - id: seed
        type: word64
        doc: Of the hash that gives nodes their levels.
      - id: ofs_below
        type: u8
        doc: Frame of the layer below; of a base 0.
      - id: entry
        type: u4
        doc: Where searches start, a number within the highest level; of an overlay 0.
      - id: reserved
        size: 28
        doc: Zero.
  coarse_fields:
    doc: |
      The last 16 bytes of a coarse row. Decoded by the coarse row alone, an
      element of half-byte u is `scale` * (16 u - 120.5).
    doc-ref: FORMAT.md#codes
    seq:
      - id: scale
        type: f4
        doc: What a step of a code is worth, at least 0.
      - id: coarse_residual
        type: f4
        doc: |
          L2 norm of what the coarse row's decoded form lacks, rounded up;
          infinite where the record could not be read.
      - id: coarse_norm
        type: f4
        doc: L2 norm of the coarse row's decoded form, rounded up.
      - id: norm
        type: f4
        doc: L2 norm of the decoded code, rounded up.
  fine_fields:
    doc: |
      The last 8 bytes of a fine row. Decoded by both rows, an element of
      half-bytes u and l is `scale` * (16 u + l - 128).
    doc-ref: FORMAT.md#codes
    seq:
      - id: residual
        type: f4
        doc: |
          L2 norm of what the decoded code lacks, rounded up; infinite where the
          vector is not known, or too long for a float.
      - id: sum
        type: s4
        doc: Of the codes.
  frame_at:
    doc: 'To be instantiated by hand: the frame at an offset.'
    params:
      - id: ofs_frame
        type: u8
        doc: Where the frame begins.
    instances:
      frame:
        io: _root._io
        pos: ofs_frame
        type: frame(ofs_frame)
        doc: The frame.
  keys_entry_at:
    doc: 'To be instantiated by hand: an entry of a keys section.'
    params:
      - id: ofs_section
        type: u8
        doc: Where the section's frame begins.
      - id: idx_entry
        type: u8
        doc: Index of the entry, from 0.
    instances:
      entry:
        io: _root._io
        pos: ofs_section + 64 + idx_entry * 16
        type: keys_entry
        doc: The entry.
  ordinals_entry_at:
    doc: 'To be instantiated by hand: an entry of an ordinals section.'
    params:
      - id: ofs_section
        type: u8
        doc: Where the section's frame begins.
      - id: idx_entry
        type: u8
        doc: Index of the entry, from 0.
    instances:
      entry:
        io: _root._io
        pos: ofs_section + 64 + idx_entry * 8
        type: ordinals_entry
        doc: The entry.
  live_word_at:
    doc: 'To be instantiated by hand: a word of a live section.'
    params:
      - id: ofs_section
        type: u8
        doc: Where the section's frame begins.
      - id: idx_word
        type: u8
        doc: Index of the word, from 0.
    instances:
      word:
        io: _root._io
        pos: ofs_section + 64 + idx_word * 8
        type: word64
        doc: |
          Bit i of word w, the lowest bit first, is set while ordinal
          `first_ordinal` + 64 w + i is live.
  codebook_at:
    doc: 'To be instantiated by hand: a codebook of scalar codes.'
    params:
      - id: ofs_section
        type: u8
        doc: Where the section's frame begins.
    instances:
      header:
        io: _root._io
        pos: ofs_section + 64
        type: codebook_header
        doc: The first line.
      mean:
        io: _root._io
        pos: ofs_section + 128
        size: header.num_mean * 4
        doc: As many f4.
  short_code_block_at:
    doc: 'To be instantiated by hand: 32 ordinals of a section of short codes.'
    doc-ref: FORMAT.md#short-codes
    params:
      - id: ofs_section
        type: u8
        doc: Where the section's frame begins.
      - id: num_subspaces
        type: u4
        doc: The codebook's.
      - id: idx_block
        type: u8
        doc: Index of the block, from 0. Its first ordinal is 32 times this.
    instances:
      len_codes:
        value: (num_subspaces + 1) / 2 * 32
        doc: Length of the codes.
      len_block:
        value: (len_codes + 63) / 64 * 64 + 256
        doc: Length of a block.
      codes:
        io: _root._io
        pos: ofs_section + 64 + idx_block * len_block
        size: len_codes
        doc: |
          Byte v of pair p: the code of subspace 2p of vector v in the low half,
          that of 2p + 1 in the high half.
      scales:
        io: _root._io
        pos: ofs_section + 64 + (idx_block + 1) * len_block - 256
        size: 128
        doc: 32 f4.
      norms:
        io: _root._io
        pos: ofs_section + 64 + (idx_block + 1) * len_block - 128
        size: 128
        doc: 32 f4.
  code_row_at:
    doc: 'To be instantiated by hand: the rows of one ordinal in a codes section.'
    doc-ref: FORMAT.md#codes
    params:
      - id: ofs_section
        type: u8
        doc: Where the section's frame begins.
      - id: num_entries
        type: u8
        doc: The section's.
      - id: dimension
        type: u4
        doc: The file's.
      - id: idx_row
        type: u8
        doc: Index of the rows, from 0. Their ordinal is `first_ordinal` + this.
    instances:
      len_halves:
        value: (dimension + 1) / 2
        doc: Bytes of half-bytes in a row.
      len_coarse:
        value: (len_halves + 47) / 32 * 32
        doc: Length of a coarse row.
      len_fine:
        value: (len_halves + 39) / 32 * 32
        doc: Length of a fine row.
      num_rows:
        value: num_entries * 64 / (len_coarse + len_fine)
        doc: Ordinals of the section.
      idx_first:
        value: idx_row / 256 * 256
        doc: Index of the first rows of the group.
      num_group:
        value: 'num_rows - idx_first < 256 ? num_rows - idx_first : 256'
        doc: Ordinals of the group.
      ofs_coarse:
        value: ofs_section + 64 + idx_first * (len_coarse + len_fine) + (idx_row - idx_first) * len_coarse
        doc: Where the coarse row begins.
      ofs_fine:
        value: ofs_section + 64 + idx_first * (len_coarse + len_fine) + num_group * len_coarse + (idx_row - idx_first) * len_fine
        doc: Where the fine row begins.
      coarse:
        io: _root._io
        pos: ofs_coarse
        size: len_halves
        doc: |
          Of byte i, the lower half is of element i, the upper of element
          i + `len_halves`: the upper half-bytes of the codes + 128.
      coarse_fields:
        io: _root._io
        pos: ofs_coarse + len_coarse - 16
        type: coarse_fields
        doc: What stands beside them.
      fine:
        io: _root._io
        pos: ofs_fine
        size: len_halves
        doc: The lower half-bytes, likewise.
      fine_fields:
        io: _root._io
        pos: ofs_fine + len_fine - 8
        type: fine_fields
        doc: What stands beside them.
  columns_header:
    doc: The first line of a columns section; its columns follow, a line each.
    doc-ref: FORMAT.md#columns
    seq:
      - id: num_ordinals
        type: u8
        doc: Ordinals that the section covers, from its `first_ordinal` on.
      - id: num_columns
        type: u4
        doc: Number of columns, at most 256.
      - id: columns_flags
        type: u4
        doc: 'Bit 0, complete: names without a column are in no record of these.'
      - id: reserved
        size: 48
        doc: Zero.
  column:
    doc: |
      The values of one name and type. Offsets are in lines of 64 bytes from the
      first entry of the section; 0 for what the column does not have.
    doc-ref: FORMAT.md#columns
    seq:
      - id: value_type
        type: u1
        enum: metadata_type
        doc: Type of the values.
      - id: form
        type: u1
        enum: column_form
        doc: Which ordinals have a value, and how that is said.
      - id: column_flags
        type: u1
        doc: 'Bit 0, omitted: the values are read from the records.'
      - id: len_code
        type: u1
        doc: Bytes of a code of a term, 1, 2 or 4; 0 without terms.
      - id: len_name
        type: u1
        doc: Length of the name.
      - id: reserved_1
        size: 3
        doc: Zero.
      - id: num_slots
        type: u4
        doc: Number of slots.
      - id: num_items
        type: u4
        doc: Number of items of all lists; 0 for other types.
      - id: num_terms
        type: u4
        doc: Number of distinct texts.
      - id: len_terms
        type: u4
        doc: Bytes of all of them.
      - id: ofs_name
        type: u4
        doc: Where the name stands.
      - id: ofs_presence
        type: u4
        doc: Where it is said which ordinals have a value.
      - id: ofs_values
        type: u4
        doc: Where the values, bits or codes stand.
      - id: ofs_item_starts
        type: u4
        doc: Where it is said which items are whose.
      - id: ofs_term_starts
        type: u4
        doc: Where it is said where each term begins.
      - id: ofs_terms
        type: u4
        doc: Where the terms stand.
      - id: reserved_2
        size: 16
        doc: Zero.
  columns_at:
    doc: 'To be instantiated by hand: the first line of a columns section.'
    params:
      - id: ofs_section
        type: u8
        doc: Where the section's frame begins.
    instances:
      header:
        io: _root._io
        pos: ofs_section + 64
        type: columns_header
        doc: The header.
  column_at:
    doc: 'To be instantiated by hand: a column of a columns section.'
    params:
      - id: ofs_section
        type: u8
        doc: Where the section's frame begins.
      - id: idx_column
        type: u4
        doc: Index of the column, from 0.
    instances:
      column:
        io: _root._io
        pos: ofs_section + 128 + idx_column * 64
        type: column
        doc: The column.
      name:
        io: _root._io
        pos: ofs_section + 64 + column.ofs_name * 64
        size: column.len_name
        type: str
        doc: Its name.
      presence:
        io: _root._io
        pos: ofs_section + 64 + column.ofs_presence * 64
        size: 'column.form == column_form::sparse ? column.num_slots * 4 : (column.num_slots + 63) / 64 * 8'
        if: column.form != column_form::full
        doc: 'Dense: a bit a slot, the lowest first. Sparse: u4 a slot, ascending.'
      terms:
        io: _root._io
        pos: ofs_section + 64 + column.ofs_terms * 64
        size: column.len_terms
        if: column.num_terms > 0
        doc: The texts, one behind another, ascending as bytes.
  graph_at:
    doc: 'To be instantiated by hand: a graph section.'
    params:
      - id: ofs_section
        type: u8
        doc: Where the section's frame begins.
    instances:
      header:
        io: _root._io
        pos: ofs_section + 64
        type: graph_header
        doc: The first line.
      num_bitmap_lines:
        value: 'header.kind == graph_layer_kind::overlay ? (header.num_nodes + 511) / 512 : 0'
        doc: Lines of an overlay's bitmap, which begins behind the header.
      ofs_ranks:
        value: ofs_section + 128 + num_bitmap_lines * 64
        doc: 'An overlay''s ranks, u4 for each line of the bitmap: rows before it.'
      ofs_rows:
        value: ofs_ranks + (num_bitmap_lines * 4 + 63) / 64 * 64
        doc: Rows of level 0.
      ofs_level_counts:
        value: ofs_rows + header.num_rows * header.m0 * 4
        doc: Counts of the upper levels, where there are any.
      level_counts:
        io: _root._io
        pos: ofs_level_counts
        type: u4
        repeat: expr
        repeat-expr: header.num_levels
        doc: Nodes of level 1, of level 2, and so on.
      ofs_levels:
        value: ofs_level_counts + 64
        doc: |
          Level 1; each further level begins behind the one below it, on the
          next multiple of 64 from here.
  graph_row_at:
    doc: 'To be instantiated by hand: a row of level 0.'
    params:
      - id: graph
        type: graph_at
        doc: The section.
      - id: idx_row
        type: u8
        doc: Index of the row, from 0; in a base the node.
    instances:
      entries:
        io: _root._io
        pos: graph.ofs_rows + idx_row * graph.header.m0 * 4
        type: u4
        repeat: expr
        repeat-expr: graph.header.m0
        doc: |
          Neighbours; then unused places, 0xffffffff; then copies, with the
          highest bit set.
  graph_entry_at:
    doc: 'To be instantiated by hand: an entry of an upper level.'
    params:
      - id: graph
        type: graph_at
        doc: The section.
      - id: ofs_level
        type: u8
        doc: Where the level begins.
      - id: idx_entry
        type: u8
        doc: The node's number within the level.
    instances:
      ofs_entry:
        value: ofs_level + idx_entry * (8 + graph.header.m * 4)
        doc: Where it begins.
      ordinal:
        io: _root._io
        pos: ofs_entry
        type: u4
        doc: The node's ordinal, ascending within the level.
      down:
        io: _root._io
        pos: ofs_entry + 4
        type: u4
        doc: Its number in the level below; in level 1 the ordinal.
      neighbours:
        io: _root._io
        pos: ofs_entry + 8
        type: u4
        repeat: expr
        repeat-expr: graph.header.m
        doc: Numbers within the level; unused places are 0xffffffff.
  block_crc_at:
    doc: 'To be instantiated by hand: the CRC of a block of a section.'
    params:
      - id: ofs_section
        type: u8
        doc: Where the section's frame begins.
      - id: num_entries
        type: u8
        doc: The section's `num_entries`.
      - id: len_entry
        type: u2
        doc: The section's `len_entry`.
      - id: idx_block
        type: u8
        doc: Index of the block, from 0.
    instances:
      crc:
        io: _root._io
        pos: ofs_section + 64 + num_entries * len_entry + idx_block * 4
        type: u4
        doc: Over the block's bytes.
  metadata_map:
    doc: |
      Names and values, sorted by the names' UTF-8 bytes, none twice. At most
      65,535 bytes. A map without entries takes no bytes at all.
    doc-ref: FORMAT.md#metadata
    seq:
      - id: num_entries
        type: u2
        doc: At least 1.
      - id: entries
        type: metadata_entry
        repeat: expr
        repeat-expr: num_entries
        doc: The entries.
  metadata_entry:
    doc: A name and a value.
    doc-ref: FORMAT.md#metadata
    seq:
      - id: value_type
        type: u1
        enum: metadata_type
        doc: Type of the value.
      - id: len_name
        type: u1
        doc: At least 1.
      - id: name
        size: len_name
        type: str
        doc: The name.
      - id: value
        type:
          switch-on: value_type
          cases:
            'metadata_type::text': metadata_text
            'metadata_type::integer': metadata_integer
            'metadata_type::real': metadata_real
            'metadata_type::boolean': metadata_boolean
            'metadata_type::date': metadata_date
            'metadata_type::list': metadata_list
        doc: The value.
  metadata_text:
    doc: Text.
    seq:
      - id: len_value
        type: u2
        doc: Length in bytes of UTF-8.
      - id: value
        size: len_value
        type: str
        doc: The text.
  metadata_integer:
    doc: |
      A signed integer of 64 bits, as two halves too, because not every
      language has integers of 64 bits.
    seq:
      - id: low
        type: u4
        doc: The lower 32 bits.
      - id: high
        type: s4
        doc: The upper 32 bits, sign included.
  metadata_real:
    doc: A number in IEEE 754 binary64.
    seq:
      - id: value
        type: f8
        doc: The number.
  metadata_boolean:
    doc: True or false.
    seq:
      - id: raw
        type: u1
        doc: 0 or 1.
    instances:
      value:
        value: raw != 0
        doc: The truth.
  metadata_date:
    doc: An instant, to the millisecond.
    seq:
      - id: value
        type: s8
        doc: Unix milliseconds; negative before 1970. Within the years 1 to 9999, so below 2^53.
  metadata_list:
    doc: A list of texts, in the order given.
    seq:
      - id: num_items
        type: u2
        doc: Number of texts.
      - id: items
        type: metadata_text
        repeat: expr
        repeat-expr: num_items
        doc: The texts.
  word64:
    doc: 64 bits as two halves, because not every language has integers of 64 bits.
    seq:
      - id: low
        type: u4
        doc: Bits 0 to 31.
      - id: high
        type: u4
        doc: Bits 32 to 63.
  uint48:
    doc: An unsigned integer of 48 bits.
    seq:
      - id: low
        type: u4
        doc: Bits 0 to 31.
      - id: high
        type: u2
        doc: Bits 32 to 47.
    instances:
      value:
        value: (low.as<u8> + high.as<u8> * 4294967296).as<u8>
        doc: The number.
enums:
  element_type:
    1:
      id: float32
      doc: IEEE 754 binary32.
    2:
      id: float16
      doc: IEEE 754 binary16. Reserved.
    3:
      id: int8
      doc: Scaled signed bytes. Reserved.
  metric:
    1:
      id: cosine
      doc: Cosine of the angle. Zero vectors are refused.
    2:
      id: dot
      doc: Inner product.
    3:
      id: l2
      doc: Euclidean distance.
  key_storage:
    1:
      id: text
      doc: The text itself.
    2:
      id: digest
      doc: SHA-256 of salt and text.
  key_hash:
    1:
      id: sip_hash_2_4
      doc: SipHash-2-4, keyed with the salt.
  frame_kind:
    1:
      id: record
      doc: One put.
    2:
      id: tombstone
      doc: A key was removed.
    3:
      id: touch
      doc: New expiry and metadata for a record.
    4:
      id: commit
      doc: End of a transaction.
    5:
      id: record_block
      doc: Many small records. Reserved.
    16:
      id: keys
      doc: Frame offsets by hash.
    17:
      id: ordinals
      doc: Frame offsets by ordinal.
    18:
      id: live
      doc: Bitmap of live ordinals.
    19:
      id: graph
      doc: Proximity graph.
    20:
      id: codebook
      doc: What codes are relative to.
    21:
      id: codes
      doc: Quantised vectors by ordinal.
    22:
      id: columns
      doc: Metadata by column.
    32:
      id: properties
      doc: What may be learned or changed after creation.
    33:
      id: catalog
      doc: Which sections are in use.
  graph_layer_kind:
    1:
      id: base
      doc: A row for every node, and the upper levels.
    2:
      id: overlay
      doc: New and changed rows of level 0, over the layer below.
  codebook_kind:
    2:
      id: product
      doc: Centroids of each subspace; a code names one in each.
    3:
      id: binary
      doc: A centre and the seed of a rotation; few bits for each element.
    4:
      id: scalar
      doc: |
        Signed bytes with a scale for each vector, relative to a mean, in coarse
        and fine rows.
    5:
      id: rotated_product
      doc: Product, of rotated directions; and the seed of the rotation.
  column_form:
    0:
      id: dense
      doc: A slot for each ordinal, and a bitmap of those that have a value.
    1:
      id: full
      doc: A slot for each ordinal; all have a value.
    2:
      id: sparse
      doc: A slot for each value, and the place of each among the ordinals.
  encoding:
    0:
      id: none
      doc: No vector.
    1:
      id: float32
      doc: IEEE 754 binary32.
    2:
      id: float16
      doc: IEEE 754 binary16 with a scale.
    3:
      id: int8
      doc: Signed bytes with a scale.
    4:
      id: code
      doc: Code of the codebook that the log begins with.
  key_kind:
    1:
      id: text
      doc: UTF-8.
    2:
      id: digest
      doc: SHA-256 of salt and text, 32 bytes.
  role:
    0:
      id: none
      doc: The model knows no roles.
    1:
      id: query
      doc: A search query.
    2:
      id: document
      doc: A document to be found.
  metadata_type:
    1:
      id: text
      doc: Text.
    2:
      id: integer
      doc: A signed integer of 64 bits.
    3:
      id: real
      doc: IEEE 754 binary64.
    4:
      id: boolean
      doc: True or false.
    5:
      id: date
      doc: An instant.
    6:
      id: list
      doc: A list of texts.
