# SPDX-License-Identifier: MIT OR Apache-2.0
"""What a batch's proof states, and the header that L1 keeps a hash of: docs/spec/statement.md."""
from dataclasses import astuple, dataclass

from keccak import keccak256
from poseidon import P
from records import words


@dataclass
class Header:
    """Fields in the order of the contract's `BatchHeader`, all as integers."""

    number: int
    first_operation: int
    withdrawal_count: int
    fee_account: int
    time: int
    previous_time: int
    bridge_words: int
    rollup_words: int
    old_root: int
    new_root: int
    data_hash: int
    z: int
    bridge_eval: int
    rollup_eval: int
    withdrawals_root: int

    def encode(self):
        """As the contract's ABI encodes it."""
        return b"".join(field.to_bytes(32, "big") for field in astuple(self))

    def hash(self):
        return keccak256(self.encode())


def word_of_hash(digest):
    """A digest as L1 has it: the first element in the low 64 bits."""
    return sum(element << 64 * i for i, element in enumerate(digest))


def is_canonical(word):
    """Whether a word is a digest: each limb is below p."""
    return all(word >> 64 * i & (2**64 - 1) < P for i in range(4))


def domain(chain_id, rollup):
    """Of a deployment, as L1 has it."""
    digest = keccak256(b"ashlar/v1" + chain_id.to_bytes(32, "big") + rollup)
    return word_of_hash([int.from_bytes(digest[7 * i : 7 * i + 7], "big") for i in range(4)])


def evaluation_point(chain_id, rollup, number, data_hash, bridge, rollup_stream):
    """Where the streams are evaluated, as L1 has it."""
    digest = keccak256(
        b"ashlar/eval/v1"
        + chain_id.to_bytes(32, "big")
        + rollup
        + number.to_bytes(8, "big")
        + data_hash.to_bytes(32, "big")
        + keccak256(bridge)
        + keccak256(rollup_stream)
    )
    high, low = (int.from_bytes(half, "big") % P for half in (digest[:16], digest[16:]))
    return low | high << 64


def evaluate(stream, point):
    """The sum of the stream's words times powers of the point in GF(p)[x]/(x^2 - 7), as L1 has it."""
    z0, z1 = point & (2**64 - 1), point >> 64
    a0, a1 = 0, 0
    for word in reversed(words(stream)):
        a0, a1 = (a0 * z0 + 7 * a1 * z1 + word) % P, (a0 * z1 + a1 * z0) % P
    return a0 | a1 << 64


def public_inputs(header, domain_word):
    """The 27 elements of a batch that is in calldata."""
    limbs = lambda word, count: [word >> 64 * i & (2**64 - 1) for i in range(count)]
    return [
        *limbs(header.old_root, 4),
        *limbs(header.new_root, 4),
        *limbs(domain_word, 4),
        *limbs(header.data_hash, 4),
        *limbs(header.z, 2),
        *limbs(header.bridge_eval, 2),
        *limbs(header.rollup_eval, 2),
        header.fee_account << 28 | header.time,
        header.bridge_words << 31 | header.rollup_words,
        *[0] * 3,
    ]


def instances(header, domain_word):
    """The 27 elements packed for the proof's verifier: three to a word, the first one low."""
    inputs = public_inputs(header, domain_word)
    return [sum(inputs[at + i] << 64 * i for i in range(3)) for at in range(0, 27, 3)]
