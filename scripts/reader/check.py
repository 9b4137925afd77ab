# SPDX-License-Identifier: MIT OR Apache-2.0
"""Checks a batch against the specification and the state before it."""
import records
import statement
from records import ACCOUNT_LIMIT, TRANSFER, WORD_BYTES, Difference
from rpc import HEADER_TYPE

TIME_LIMIT, WORDS_LIMIT = 2**28, 2**31


class Checker:
    """Goes through the batches of a rollup in order."""

    def __init__(self, l1, queue, state):
        self.l1, self.queue, self.state = l1, queue, state
        self.root = statement.word_of_hash(state.root())
        self.next_operation, self.time = 0, 0
        self.domain = statement.domain(l1.chain_id, l1.rollup)

    def check(self, number, commit):
        """The differences of the next batch, and a line about it; executes it."""
        self.differences = []
        self._header(number, commit)
        self._streams(commit)
        try:
            bridge, rollup = records.parse_bridge(commit.bridge), records.parse_rollup(commit.rollup)
            self._queue(commit.header, bridge)
            paid = records.withdrawals(bridge)
            header = commit.header
            self._same("number of withdrawals", header.withdrawal_count, len(paid))
            root = int.from_bytes(records.withdrawals_root(paid), "big")
            self._same("withdrawals root", header.withdrawals_root, root)
            self.state.execute(bridge, rollup, header.fee_account)
        except Difference as difference:
            return [*self.differences, str(difference)], ""
        self.root = statement.word_of_hash(self.state.root())
        self._same("new root", header.new_root, self.root)
        self.time = header.time
        return self.differences, self._line(bridge, rollup, paid)

    def _same(self, what, on_l1, here):
        if on_l1 != here:
            show = hex if max(on_l1, here) >= 2**32 else str
            self.differences.append(f"{what}: L1 has {show(on_l1)}, by the specification it is {show(here)}")

    def _require(self, holds, what):
        if not holds:
            self.differences.append(f"{what}: out of range")

    def _header(self, number, commit):
        header = commit.header
        kept = self.l1.call("headerHash(uint64)", number)[0].to_bytes(32, "big")
        if not header.hash() == commit.header_hash == kept:
            self.differences.append("header hash: the event's, the contract's and that of the header are not one")
        for field in ("number", "time", "new_root", "data_hash", "fee_account"):
            self._same(f"{field} of the calldata", getattr(commit, field), getattr(header, field))
        self._same("number", header.number, number)
        self._same("old root", header.old_root, self.root)
        self._same("first operation", header.first_operation, self.next_operation)
        self._same("time before", header.previous_time, self.time)
        latest = min(self.l1.block_time(commit.block) // 60, TIME_LIMIT - 1)
        self._require(self.time <= header.time <= latest, "time")
        self._require(header.fee_account < ACCOUNT_LIMIT, "fee account")
        self._require(statement.is_canonical(header.new_root), "new root")
        self._require(statement.is_canonical(header.data_hash), "data hash")
        on_l1 = self.l1.call(f"instances({HEADER_TYPE})", header.encode())
        if on_l1 != statement.instances(header, self.domain):
            self.differences.append("instances: the contract makes others of this header")

    def _streams(self, commit):
        header, streams = commit.header, {"bridge": commit.bridge, "rollup": commit.rollup}
        place = self.l1.chain_id, self.l1.rollup, header.number, header.data_hash
        z = statement.evaluation_point(*place, commit.bridge, commit.rollup)
        self._same("evaluation point", header.z, z)
        for name, stream in streams.items():
            count, rest = divmod(len(stream), WORD_BYTES)
            self._require(rest == 0 and count < WORDS_LIMIT, f"length of the {name} stream")
            self._same(f"words of the {name} stream", getattr(header, f"{name}_words"), count)
            value = statement.evaluate(stream, header.z)
            self._same(f"evaluation of the {name} stream", getattr(header, f"{name}_eval"), value)

    def _queue(self, header, bridge):
        index = header.first_operation
        for record in bridge:
            if record.entry is not None:
                records.check_entry(index, record, self.l1.queued(index, self.queue.get(index)))
                index += 1
        self.next_operation = index

    def _line(self, bridge, rollup, paid):
        operations = sum(record.entry is not None for record in bridge)
        transfers = sum(record.kind == TRANSFER for record in rollup)
        return f"{operations} of the queue, {transfers} transfers, {len(paid)} withdrawals, root {self.root:#066x}"
