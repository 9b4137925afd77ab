# SPDX-License-Identifier: MIT OR Apache-2.0
"""Keccak-256 as Ethereum has it: the padding is that of Keccak, not of SHA-3."""
RATE_BYTES = 136
MASK = 2**64 - 1


def _round_constants():
    """The constants of the 24 rounds, from the linear register that defines them."""
    register, constants = 1, []
    for _ in range(24):
        constant = 0
        for power in range(7):
            constant |= (register & 1) << (2**power - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return constants


def _rotations():
    """Where each lane goes in the steps rho and pi, and by how many bits it is rotated: (from, to, bits)."""
    moves, (x, y) = [(0, 0, 0)], (1, 0)
    for step in range(24):
        moves.append((x + 5 * y, y + 5 * ((2 * x + 3 * y) % 5), (step + 1) * (step + 2) // 2 % 64))
        x, y = y, (2 * x + 3 * y) % 5
    return moves


ROUND_CONSTANTS, ROTATIONS = _round_constants(), _rotations()


def _rotate(lane, bits):
    return ((lane << bits) | (lane >> (64 - bits))) & MASK


def _permute(state):
    for constant in ROUND_CONSTANTS:
        parity = [state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20] for x in range(5)]
        change = [parity[(x + 4) % 5] ^ _rotate(parity[(x + 1) % 5], 1) for x in range(5)]
        moved = [0] * 25
        for source, target, bits in ROTATIONS:
            moved[target] = _rotate(state[source] ^ change[source % 5], bits)
        state = [
            moved[i] ^ (~moved[i - i % 5 + (i + 1) % 5] & MASK & moved[i - i % 5 + (i + 2) % 5]) for i in range(25)
        ]
        state[0] ^= constant
    return state


def keccak256(message):
    """The digest of some bytes, 32 bytes."""
    padded = bytearray(message) + bytes(RATE_BYTES - len(message) % RATE_BYTES)
    padded[len(message)] ^= 0x01
    padded[-1] ^= 0x80
    state = [0] * 25
    for start in range(0, len(padded), RATE_BYTES):
        for lane in range(RATE_BYTES // 8):
            at = start + 8 * lane
            state[lane] ^= int.from_bytes(padded[at : at + 8], "little")
        state = _permute(state)
    return b"".join(lane.to_bytes(8, "little") for lane in state[:4])
