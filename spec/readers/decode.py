"""Decodes the vectors of an .edb that are not float32, to the same bits as every other reader: each operation is rounded to binary32."""

import struct

MASK = (1 << 64) - 1


def f4(value):
    """A double rounded to a float. Of a sum or product of two floats that is what float arithmetic gives."""
    return struct.unpack("<f", struct.pack("<f", value))[0]


def elements(frame):
    """The vector of a record frame."""
    body = frame.body
    if body.encoding.name == "float32":
        return body.vector
    if body.encoding.name == "float16":
        decoded = struct.unpack(f"<{len(body.halves)}e", struct.pack(f"<{len(body.halves)}H", *body.halves))
    elif body.encoding.name == "int8":
        decoded = body.signed_bytes
    else:
        decoded = direction(frame._root.record_codebook, body.code)
    return [f4(element * body.encoded.scale) for element in decoded]


def direction(codebook, code):
    header = codebook.header
    values = struct.unpack(f"<{codebook.num_values}f", codebook.values)
    if header.kind.name == "product":
        return of_product(header, values, code)
    if header.kind.name == "rotated_product":
        return rotate_back(of_product(header, values, code), header.seed.high << 32 | header.seed.low)
    if header.kind.name == "binary":
        return of_binary(header, values, code)
    raise ValueError(f"unknown kind of codebook {header.kind}")


def of_product(header, values, code):
    decoded = []
    for subspace in range(header.num_subspaces):
        start = subspace * header.dimension // header.num_subspaces
        width = (subspace + 1) * header.dimension // header.num_subspaces - start
        centroid = code[subspace] if header.num_bits == 8 else code[subspace // 2] >> subspace % 2 * 4 & 15
        first = (start << header.num_bits) + centroid * width
        decoded += values[first:first + width]
    return decoded


def of_binary(header, centre, code):
    (step,) = struct.unpack("<f", code[:4])
    bits = header.num_bits
    levels = [code[4 + i * bits // 8] >> i * bits % 8 & (1 << bits) - 1 for i in range(header.dimension)]
    rotated = [f4(step * (level - ((1 << bits) - 1) / 2)) for level in levels]
    back = rotate_back(rotated, header.seed.high << 32 | header.seed.low)
    return [f4(element + middle) for element, middle in zip(back, centre)]


def rotate_back(vector, seed):
    dimension = len(vector)
    block = 1 << dimension.bit_length() - 1
    for signs in reversed(rounds_of_signs(dimension, seed)):
        if block < dimension:
            vector = vector[:dimension - block] + transform(vector[dimension - block:])
        vector = transform(vector[:block]) + vector[block:]
        vector = [element * sign for element, sign in zip(vector, signs)]
    return vector


def rounds_of_signs(dimension, seed):
    rounds = []
    for _ in range(3):
        draws = []
        for _ in range((dimension + 63) // 64):
            seed = (seed + 0x9E3779B97F4A7C15) & MASK
            mixed = ((seed ^ seed >> 30) * 0xBF58476D1CE4E5B9) & MASK
            mixed = ((mixed ^ mixed >> 27) * 0x94D049BB133111EB) & MASK
            draws.append(mixed ^ mixed >> 31)
        rounds.append([-1.0 if draws[i // 64] >> i % 64 & 1 else 1.0 for i in range(dimension)])
    return rounds


def transform(block):
    block = list(block)
    half = 1
    while half < len(block):
        for i in range(len(block)):
            if i & half == 0:
                block[i], block[i + half] = f4(block[i] + block[i + half]), f4(block[i] - block[i + half])
        half *= 2
    scale = f4(len(block) ** -0.5)
    return [f4(element * scale) for element in block]
