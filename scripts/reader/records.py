# SPDX-License-Identifier: MIT OR Apache-2.0
"""Records of the two streams: docs/spec/public-data.md. What is out of its range is a `Difference` with its place."""
from dataclasses import dataclass

from keccak import keccak256
from poseidon import P, ZERO

WORD_BYTES = 7
ACCOUNT_LIMIT = 2**28
DEPOSIT, WITHDRAWAL, SET_AUTH, FORCED_WITHDRAWAL, FORCED_TRANSFER, SET_FLAGS = 1, 2, 4, 5, 6, 7
TRANSFER = "transfer"  # its records have no tag
# Words of each record of the bridge stream, and the bytes of it that are not in the queue's entry.
WORDS = {DEPOSIT: 10, WITHDRAWAL: 5, SET_AUTH: 10, FORCED_WITHDRAWAL: 6, FORCED_TRANSFER: 7, SET_FLAGS: 1}
FILLED_IN = {DEPOSIT: slice(1, 5), FORCED_WITHDRAWAL: slice(35, 42), FORCED_TRANSFER: slice(35, 42)}
NAMES = {
    DEPOSIT: "deposit",
    WITHDRAWAL: "withdrawal",
    SET_AUTH: "set auth",
    FORCED_WITHDRAWAL: "forced withdrawal",
    FORCED_TRANSFER: "forced transfer",
    SET_FLAGS: "set flags",
    TRANSFER: "transfer",
}


class Difference(Exception):
    """Something is not as the specification says."""


@dataclass
class Record:
    """One executed operation; a field that its kind does not have is None."""

    kind: object
    place: str
    account: int
    token: int = 0
    amount: int = 0
    """Moved, in units; of a forced operation, what was requested."""
    address: bytes = None
    """Owner of a deposit, recipient of a withdrawal, sender of the others."""
    auth: tuple = None
    to: int = None
    paid: int = 0
    fee: int = 0
    flags: int = 0
    entry: bytes = None
    """As it was queued on L1."""

    @property
    def name(self):
        return NAMES[self.kind]


def words(stream):
    """The words of a stream, as integers."""
    return [int.from_bytes(stream[at : at + WORD_BYTES], "big") for at in range(0, len(stream), WORD_BYTES)]


def unpack(bits, exponent_bits):
    """A packed number: mantissa above, decimal exponent in the low bits."""
    return (bits >> exponent_bits) * 10 ** (bits & ((1 << exponent_bits) - 1))


def parse_bridge(stream):
    """Operations of the queue and withdrawals, in order."""
    records, at = [], 0
    while at < len(stream):
        tag, place = stream[at], f"bridge stream, byte {at}"
        if tag not in WORDS:
            raise Difference(f"{place}: no record has tag {tag}")
        size = WORD_BYTES * WORDS[tag]
        if len(stream) - at < size:
            raise Difference(f"{place}: the stream ends within a record")
        records.append(_bridge_record(stream[at : at + size], place))
        at += size
    return records


def _bridge_record(data, place):
    tag, last, values = data[0], data[6], words(data)
    record = Record(kind=tag, place=place, account=int.from_bytes(data[1:5], "big"), token=data[5])
    _require(record, record.account < ACCOUNT_LIMIT, "account")
    if tag != WITHDRAWAL:
        entry = bytearray(data)
        if tag in FILLED_IN:
            blank = FILLED_IN[tag]
            entry[blank] = bytes(blank.stop - blank.start)
        record.entry = bytes(entry)
    if tag == WITHDRAWAL:
        record.fee = unpack(last, 3)
    elif tag == SET_FLAGS:
        record.flags = last
    else:
        _require(record, last == 0, "last byte of word 0")
    if tag in (SET_AUTH, SET_FLAGS):
        _require(record, record.token == 0, "token")
    if tag == SET_FLAGS:
        return record
    record.amount = values[1]
    _require(record, (record.amount == 0) == (tag == SET_AUTH), "amount")
    _require(record, values[4] < 2**48, "address")
    record.address = data[14:28] + data[29:35]
    if tag in (DEPOSIT, SET_AUTH):
        record.auth = _auth(record, values[5:10])
    elif tag in (FORCED_WITHDRAWAL, FORCED_TRANSFER):
        record.paid = values[5]
        _require(record, record.paid <= record.amount, "amount paid")
    if tag == FORCED_TRANSFER:
        record.to = values[6]
        _require(record, record.to < ACCOUNT_LIMIT, "payee")
    return record


def _auth(record, values):
    *low, high = values
    _require(record, high < 2**32, "auth")
    auth = tuple(word | (high >> (8 * (3 - i)) & 0xFF) << 56 for i, word in enumerate(low))
    _require(record, all(element < P for element in auth), "auth")
    return auth


def parse_rollup(stream):
    """Transfers, in order."""
    records, size = [], 2 * WORD_BYTES
    for at in range(0, len(stream), size):
        data, place = stream[at : at + size], f"rollup stream, byte {at}"
        if len(data) < size:
            raise Difference(f"{place}: the stream ends within a record")
        amount = int.from_bytes(data[9:13], "big")
        record = Record(
            kind=TRANSFER,
            place=place,
            account=int.from_bytes(data[:4], "big"),
            to=int.from_bytes(data[4:8], "big"),
            token=data[8],
            amount=unpack(amount, 5),
            fee=unpack(data[13], 3),
        )
        _require(record, record.account < ACCOUNT_LIMIT, "payer")
        _require(record, record.to < ACCOUNT_LIMIT, "payee")
        _require(record, amount & 31 <= 10, "exponent of the amount")
        records.append(record)
    return records


def _require(record, holds, field):
    if not holds:
        raise Difference(f"{record.place}: {record.name}: {field} out of range")


def check_entry(index, record, event):
    """Whether a record is the queue's entry with this index, and whether the entry is one that the contract makes."""
    place = f"{record.place}: {record.name}: queue index {index}"
    if event is None:
        raise Difference(f"{place}: nobody queued it")
    if keccak256(record.entry)[:27] != event.kept[:27]:
        raise Difference(f"{place}: another operation was queued under this index")
    if keccak256(event.record)[:27] != event.kept[:27] or event.kept[27:] != event.expiry.to_bytes(5, "big"):
        raise Difference(f"{place}: the event is not what the contract keeps")
    if event.kind != record.kind:
        raise Difference(f"{place}: the event has another kind")
    if record.kind == DEPOSIT:
        _require(record, record.auth == ZERO or event.sender == record.address, "auth of another's deposit")
        _require(record, record.address != bytes(20), "owner")
    elif record.kind != SET_FLAGS:
        _require(record, event.sender == record.address, "sender")


def withdrawals(records):
    """What L1 pays: token, amount, recipient, in the order of their indices."""
    paid = []
    for record in records:
        if record.kind == WITHDRAWAL:
            paid.append((record.token, record.amount, record.address))
        elif record.kind == FORCED_WITHDRAWAL and record.paid:
            paid.append((record.token, record.paid, record.address))
    return paid


def withdrawals_root(paid):
    """Root of the Keccak tree over them; zero without any."""
    level = [
        keccak256(b"".join(part.to_bytes(32, "big") for part in (index, token, amount, int.from_bytes(to, "big"))))
        for index, (token, amount, to) in enumerate(paid)
    ]
    while len(level) > 1:
        pairs = [level[at : at + 2] for at in range(0, len(level), 2)]
        level = [keccak256(pair[0] + pair[1]) if len(pair) == 2 else pair[0] for pair in pairs]
    return level[0] if level else bytes(32)
