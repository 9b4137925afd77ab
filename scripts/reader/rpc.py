# SPDX-License-Identifier: MIT OR Apache-2.0
"""What L1 has of a rollup, over JSON-RPC: events, calldata of commits, the contract's own answers. docs/spec/l1.md."""
import json
import urllib.request
from dataclasses import dataclass, fields

from keccak import keccak256
from records import Difference
from statement import Header

HEADER_TYPE = f"({'uint64,' * 2}{'uint32,' * 6}{'uint256,' * 3}{'uint128,' * 2}uint256,bytes32)"
COMMIT_TYPE = "(uint64,uint32,uint256,uint256,uint32,bytes,bytes)"
COMMIT_CALLS = f"commitBatch({COMMIT_TYPE})", f"commitAndProveBatch({COMMIT_TYPE},bytes)"
OPERATION_QUEUED = keccak256(b"OperationQueued(uint64,uint8,address,uint32,uint64,bytes)")
BATCH_COMMITTED = keccak256(f"BatchCommitted(uint64,bytes32,{HEADER_TYPE})".encode())
BATCHES_REVERTED = keccak256(b"BatchesReverted(uint64,uint64)")
BALANCES_EXITED = keccak256(b"BalancesExited(uint64,bytes)")
DATA_MODE = b"calldata"
COMMITS = [keccak256(call.encode())[:4] for call in COMMIT_CALLS]
BLOCKS_PER_REQUEST, FEWEST_BLOCKS = 10_000, 16


class L1Error(Exception):
    """L1 did not answer, or not what was asked for."""


@dataclass
class Queued:
    """An operation of the queue: its event, and what the contract keeps."""

    kind: int
    sender: bytes
    time: int
    expiry: int
    record: bytes
    kept: bytes


@dataclass
class Commit:
    """A committed batch: its event, and what its transaction has in calldata."""

    header: Header
    header_hash: bytes
    block: int
    number: int
    time: int
    new_root: int
    data_hash: int
    fee_account: int
    bridge: bytes
    rollup: bytes


def _words(data):
    return [int.from_bytes(data[at : at + 32], "big") for at in range(0, len(data), 32)]


def _bytes_at(data, offset):
    length = int.from_bytes(data[offset : offset + 32], "big")
    found = data[offset + 32 : offset + 32 + length]
    if len(found) != length:
        raise Difference("calldata ends within a field")
    return found


class L1:
    """The rollup at the newest block of the moment when it was opened."""

    def __init__(self, url, rollup, from_block=0):
        self.url, self.rollup, self.from_block = url, bytes.fromhex(rollup.removeprefix("0x")), from_block
        if len(self.rollup) != 20:
            raise L1Error(f"{rollup} is no address")
        self.chain_id = int(self._ask("eth_chainId"), 16)
        self.head = int(self._ask("eth_blockNumber"), 16)
        if self._ask("eth_getCode", self._address(), hex(self.head)) == "0x":
            raise L1Error(f"chain {self.chain_id} has no contract at {self._address()}")
        [mode] = self.call("dataMode()") or [0]
        if mode.to_bytes(32, "big") != DATA_MODE.ljust(32, b"\0"):
            name = mode.to_bytes(32, "big").rstrip(b"\0")
            raise L1Error(f"the rollup has data mode {name}, and this reads {DATA_MODE} alone")

    def _address(self):
        return "0x" + self.rollup.hex()

    def _ask(self, method, *params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                answer = json.load(answer)
        except (OSError, ValueError) as error:
            raise L1Error(f"{method}: {error}") from error
        if "error" in answer:
            raise L1Error(f"{method}: {answer['error']}")
        return answer["result"]

    def call(self, signature, *arguments):
        """A view of the contract at the block; gives the words of the answer. Arguments are integers or bytes."""
        data = keccak256(signature.encode())[:4]
        data += b"".join(part if isinstance(part, bytes) else part.to_bytes(32, "big") for part in arguments)
        call = {"to": self._address(), "data": "0x" + data.hex()}
        return _words(bytes.fromhex(self._ask("eth_call", call, hex(self.head))[2:]))

    def block_time(self, block):
        """Of a block, in seconds."""
        return int(self._ask("eth_getBlockByNumber", hex(block), False)["timestamp"], 16)

    def events(self):
        """The queue by index, the batches that are committed by number, and the numbers of those that are exits."""
        queue, batches, exits = {}, {}, set()
        for log in self._logs():
            topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
            data = bytes.fromhex(log["data"][2:])
            if topics[0] == OPERATION_QUEUED:
                index, kind = (int.from_bytes(topic, "big") for topic in topics[1:3])
                time, expiry, record_at = _words(data)[:3]
                queue[index] = (kind, topics[3][12:], time, expiry, _bytes_at(data, record_at))
            elif topics[0] == BATCH_COMMITTED:
                header = Header(*_words(data)[: len(fields(Header))])
                batches[header.number] = (log, topics[2], header)
            elif topics[0] == BATCHES_REVERTED:
                first, last = _words(data)
                for number in range(first, last + 1):
                    batches.pop(number, None)
            elif topics[0] == BALANCES_EXITED:
                exits.add(int.from_bytes(topics[1], "big"))
        return queue, batches, exits

    def _logs(self):
        logs, start, width = [], self.from_block, BLOCKS_PER_REQUEST
        events = OPERATION_QUEUED, BATCH_COMMITTED, BATCHES_REVERTED, BALANCES_EXITED
        topics = ["0x" + topic.hex() for topic in events]
        while start <= self.head:
            end = min(self.head, start + width - 1)
            filter = {"address": self._address(), "topics": [topics], "fromBlock": hex(start), "toBlock": hex(end)}
            try:
                logs += self._ask("eth_getLogs", filter)
                start = end + 1
            except L1Error:
                if width <= FEWEST_BLOCKS:
                    raise
                width = max(width // 4, FEWEST_BLOCKS)
        return logs

    def queued(self, index, event):
        """An operation of the queue; `event` is what [`events`] gave for it."""
        if event is None:
            return None
        [kept] = self.call("queuedOperation(uint64)", index)
        return Queued(*event, kept.to_bytes(32, "big"))

    def commit(self, event):
        """A committed batch; `event` is what [`events`] gave for it."""
        log, header_hash, header = event
        transaction = self._ask("eth_getTransactionByHash", log["transactionHash"])
        if transaction is None:
            raise L1Error(f"the node has no transaction {log['transactionHash']}")
        data = bytes.fromhex(transaction["input"][2:])
        if data[:4] not in COMMITS:
            raise Difference(f"transaction {log['transactionHash']} is no call of commitBatch: its data is elsewhere")
        arguments = data[4:]
        tuple_at = arguments[_words(arguments)[0] :]
        if len(tuple_at) < 7 * 32:
            raise Difference("calldata ends within its arguments")
        number, time, new_root, data_hash, fee_account, bridge, rollup = _words(tuple_at)[:7]
        streams = _bytes_at(tuple_at, bridge), _bytes_at(tuple_at, rollup)
        block = int(log["blockNumber"], 16)
        return Commit(header, header_hash, block, number, time, new_root, data_hash, fee_account, *streams)
