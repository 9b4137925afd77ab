// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IProofVerifier} from "../src/IProofVerifier.sol";
import {IRollup} from "../src/IRollup.sol";
import {IVerifierRouter} from "../src/IVerifierRouter.sol";
import {ExitTest, RefusingOwner} from "./support/ExitTest.sol";
import {Pubdata} from "./support/Pubdata.sol";
import {Routing} from "./support/Routing.sol";
import {Withdrawals} from "./support/Withdrawals.sol";

/// @title Balances that leave by a proof, in exit mode
contract ExitBatchTest is ExitTest {
    uint32 private constant LAST_ACCOUNT = (1 << 28) - 1;

    function setUp() public override {
        super.setUp();
        _fund(1, BOB, 0, 100);
        _fund(LAST_ACCOUNT, CAROL, 1, 30);
        _fund(2, BOB, 0, 7);
    }

    function test_balancesLeaveAsWithdrawalsOfABatch() external {
        _freeze();
        uint256 root = rollup.stateRoot();
        bytes memory bridge = bytes.concat(_exitRecord(1, 0), _exitRecord(LAST_ACCOUNT, 1));
        Withdrawals left = _withdrawals(0, 100, BOB);
        left.push(IRollup.Withdrawal(1, 30, CAROL));
        IRollup.BatchHeader memory header = _exitHeader(bridge, left);
        verifier.accept(PROOF, rollup.instances(header));
        VM.expectEmit(address(rollup));
        emit IRollup.BatchCommitted(4, keccak256(abi.encode(header)), header);
        VM.expectEmit(address(rollup));
        emit IRollup.BalancesExited(4, bridge);
        VM.expectEmit(address(rollup));
        emit IRollup.BatchProven(4, root);
        VM.prank(CAROL); // anybody
        rollup.exitBatch(DATA_HASH, bridge, PROOF);

        VM.assertEq(rollup.stateRoot(), root);
        VM.assertEq(rollup.committedRoot(), root);
        VM.assertEq(rollup.provenBatches(), 4);
        VM.assertEq(rollup.committedBatches(), 4);
        VM.assertEq(rollup.committedOperations(), 3);
        VM.assertTrue(rollup.isExited(1, 0));
        VM.assertTrue(rollup.isExited(LAST_ACCOUNT, 1));
        VM.assertFalse(rollup.isExited(2, 0));
        _claim(header, left, 0);
        _claim(header, left, 1);
        VM.assertEq(BOB.balance, 100 gwei);
        VM.assertEq(token.balanceOf(CAROL), 30 * TOKEN_UNIT);
        VM.assertEq(rollup.outstanding(0), 7);
        VM.assertEq(rollup.outstanding(1), 0);
    }

    /// Both proofs are made before either lands: the second is as good as the first, and pays what is left.
    function test_overlappingBatchesPayOnce() external {
        _freeze();
        bytes memory one = bytes.concat(_exitRecord(1, 0), _exitRecord(2, 0));
        bytes memory other = bytes.concat(_exitRecord(2, 0), _exitRecord(LAST_ACCOUNT, 1), _exitRecord(1, 0));
        Withdrawals leftFirst = _withdrawals(0, 100, BOB);
        leftFirst.push(IRollup.Withdrawal(0, 7, BOB));
        Withdrawals leftSecond = _withdrawals(1, 30, CAROL);
        verifier.accept("one", rollup.instances(_exitHeader(one, leftFirst)));
        verifier.accept("other", rollup.instances(_exitHeader(other, leftSecond)));
        rollup.exitBatch(DATA_HASH, one, "one");
        IRollup.BatchHeader memory second = _exitHeader(other, leftSecond);
        rollup.exitBatch(DATA_HASH, other, "other");
        VM.assertEq(second.number, 5);
        VM.assertEq(rollup.headerHash(5), keccak256(abi.encode(second)));
        _claim(second, leftSecond, 0);
        VM.assertEq(token.balanceOf(CAROL), 30 * TOKEN_UNIT);
    }

    /// A balance may be more than a deposit.
    function test_aBalanceOfMoreThanAWordLeaves() external {
        uint64 most = (1 << 62) - 1;
        _freeze();
        bytes memory bridge = _exitRecord(5, 1, most, BOB);
        VM.assertEq(uint8(bridge[6]), 63);
        Withdrawals left = _withdrawals(1, most, BOB);
        IRollup.BatchHeader memory header = _exitBatch(bridge, left);
        VM.assertEq(header.withdrawalsRoot, keccak256(abi.encode(0, 1, most, BOB)));
    }

    function test_aBatchSentTwicePaysOnce() external {
        _freeze();
        _exitBatch(_exitRecord(1, 0), _withdrawals(0, 100, BOB));
        IRollup.BatchHeader memory again = _exitBatch(_exitRecord(1, 0), new Withdrawals());
        VM.assertEq(again.withdrawalCount, 0);
        VM.assertEq(again.withdrawalsRoot, bytes32(0));
    }

    function test_aRecordTwiceInABatchPaysOnce() external {
        _freeze();
        bytes memory bridge = bytes.concat(_exitRecord(1, 0), _exitRecord(2, 0), _exitRecord(1, 0));
        Withdrawals left = _withdrawals(0, 100, BOB);
        left.push(IRollup.Withdrawal(0, 7, BOB));
        _exitBatch(bridge, left);
    }

    /// Each balance has its own bit: neighbours of an account, of a token and of a word stay.
    function testFuzz_onlyWhatTheRecordsNameLeaves(uint32 account, uint8 id, uint8 accountBit, uint8 tokenBit)
        external
    {
        account %= 1 << 28;
        _freeze();
        _exitBatch(_exitRecord(account, id, 5, BOB), _withdrawals(id, 5, BOB));
        VM.assertTrue(rollup.isExited(account, id));
        VM.assertFalse(rollup.isExited(account ^ uint32(1 << (accountBit % 28)), id));
        VM.assertFalse(rollup.isExited(account, id ^ uint8(1 << (tokenBit % 8))));
        uint32 neighbour = account ^ uint32(1 << (accountBit % 28));
        bytes memory bridge = bytes.concat(
            _exitRecord(account, id, 5, BOB),
            _exitRecord(neighbour, id, 6, CAROL),
            _exitRecord(account, id ^ 1, 7, BOB),
            _exitRecord(neighbour, id, 6, CAROL)
        );
        Withdrawals left = _withdrawals(id, 6, CAROL);
        left.push(IRollup.Withdrawal(id ^ 1, 7, BOB));
        _exitBatch(bridge, left);
    }

    /// Nothing leaves without a proof of just this: this stream, this root.
    function test_revertProofInvalid() external {
        _freeze();
        bytes memory bridge = _exitRecord(1, 0);
        IRollup.BatchHeader memory header = _exitHeader(bridge, _withdrawals(0, 100, BOB));
        verifier.accept(PROOF, rollup.instances(header));
        _expectInvalid(_exitRecord(2, 0));
        _expectInvalid(_exitRecord(1, 0, 101, BOB));
        _expectInvalid(_exitRecord(1, 0, 100, CAROL));
        VM.assertFalse(rollup.isExited(1, 0));
        _expect(abi.encodeWithSelector(IProofVerifier.ProofInvalid.selector));
        rollup.exitBatch(DATA_HASH + 1, bridge, PROOF);
        _expect(abi.encodeWithSelector(IProofVerifier.ProofInvalid.selector));
        rollup.exitBatch(DATA_HASH, bridge, "another");
        rollup.exitBatch(DATA_HASH, bridge, PROOF);
    }

    /// The proof of another old or new root, of a rollup stream, of a fee account is of another statement.
    function test_revertProofOfAnotherStatement() external {
        _freeze();
        bytes memory bridge = _exitRecord(1, 0);
        for (uint256 changed = 0; changed < 5; ++changed) {
            IRollup.BatchHeader memory header = _exitHeader(bridge, _withdrawals(0, 100, BOB));
            if (changed == 0) header.oldRoot ^= 1;
            if (changed == 1) header.newRoot ^= 1;
            if (changed == 2) header.rollupWords = 2;
            if (changed == 3) header.feeAccount = 1;
            if (changed == 4) header.time -= 1;
            verifier.accept(PROOF, rollup.instances(header));
            _expectInvalid(bridge);
        }
    }

    function test_revertNotInExitMode() external {
        bytes memory bridge = _exitRecord(1, 0);
        verifier.accept(PROOF, rollup.instances(_exitHeader(bridge, _withdrawals(0, 100, BOB))));
        _expect(abi.encodeWithSelector(IRollup.NotInExitMode.selector));
        VM.prank(OPERATOR);
        rollup.exitBatch(DATA_HASH, bridge, PROOF);
    }

    function test_revertDataHashNotCanonical() external {
        _freeze();
        _expect(abi.encodeWithSelector(IRollup.HashNotCanonical.selector, type(uint256).max));
        rollup.exitBatch(type(uint256).max, "", PROOF);
    }

    /// Whatever is not an exit would execute something, and the state root must stand still.
    function test_revertExitRecordInvalid() external {
        _freeze();
        for (uint256 tag = 0; tag < 256; ++tag) {
            bytes memory other = _exitRecord(1, 0);
            other[0] = bytes1(uint8(tag));
            if (tag != 3) _expectRecordRefused(other);
        }
        bytes memory record = _exitRecord(1, 0);
        for (uint256 bit = 0; bit < 4; ++bit) {
            record[1] = bytes1(uint8(0x10 << bit)); // an account of 2^28 or more
            _expectRecordRefused(record);
        }
        record[1] = 0;
        for (uint256 bit = 0; bit < 8; ++bit) {
            record[6] = bytes1(uint8(1 << bit)); // an amount of 2^62 or more
            if (bit >= 6) _expectRecordRefused(record);
            record[6] = 0;
            record[28] = bytes1(uint8(1 << bit)); // padding before the end of the address
            _expectRecordRefused(record);
            record[28] = 0;
        }
    }

    function test_revertBridgeRecordTruncated() external {
        _freeze();
        bytes memory record = _exitRecord(1, 0);
        for (uint256 length = 34; length > 0; --length) {
            assembly {
                mstore(record, length)
            }
            bytes memory bridge = bytes.concat(_exitRecord(2, 0), record);
            _expect(abi.encodeWithSelector(IRollup.BridgeRecordTruncated.selector, 35));
            rollup.exitBatch(DATA_HASH, bridge, PROOF);
        }
    }

    /// An owner that cannot receive blocks neither the batch nor the others' claims.
    function test_anOwnerThatRefusesEthBlocksNobody() external {
        RefusingOwner wallet = new RefusingOwner();
        _fund(5, address(wallet), 0, 11);
        _freeze();
        Withdrawals left = _withdrawals(0, 11, address(wallet));
        left.push(IRollup.Withdrawal(0, 100, BOB));
        IRollup.BatchHeader memory header = _exitBatch(bytes.concat(_exitRecord(5, 0), _exitRecord(1, 0)), left);
        _claim(header, left, 1);
        VM.assertEq(BOB.balance, 100 gwei);
        bytes memory toCarol = abi.encodeCall(IRollup.claimWithdrawalTo, (header, 0, left.get(0), left.proof(0), CAROL));
        (bool done,) = wallet.execute(address(rollup), toCarol);
        VM.assertTrue(done);
        VM.assertEq(CAROL.balance, 11 gwei);
    }

    /// Who removes the verifier closes this way out, and leaves the other one open.
    function test_withoutAVerifierThePathRemains() external {
        _freeze();
        bytes memory bridge = _exitRecord(1, 0);
        verifier.accept(PROOF, rollup.instances(_exitHeader(bridge, _withdrawals(0, 100, BOB))));
        VM.prank(Routing.OWNER);
        router.remove(Routing.CIRCUIT_SET);
        _expect(abi.encodeWithSelector(IVerifierRouter.RouteNotActive.selector, Routing.CIRCUIT_SET));
        rollup.exitBatch(DATA_HASH, bridge, PROOF);
        rollup.exitByPath(state.path(1, 0));
        VM.assertEq(BOB.balance, 100 gwei);
    }

    function _expectRecordRefused(bytes memory record) private {
        bytes memory bridge = bytes.concat(_exitRecord(2, 0), record);
        _expect(abi.encodeWithSelector(IRollup.ExitRecordInvalid.selector, 35));
        rollup.exitBatch(DATA_HASH, bridge, PROOF);
    }

    function _expectInvalid(bytes memory bridge) private {
        _expect(abi.encodeWithSelector(IProofVerifier.ProofInvalid.selector));
        rollup.exitBatch(DATA_HASH, bridge, PROOF);
    }
}

contract ExitBatchGasTest is ExitTest {
    function setUp() public override {
        super.setUp();
        _fund(1, BOB, 0, 100);
    }

    function test_exitGas() external {
        _freeze();
        _gas(1_000, 1); // slots that are written for the first time
        VM.snapshotValue("Rollup", "exitBatch of one balance, without the verifier", _gas(300, 1));
        uint256 few = _gas(512, 16);
        uint256 many = _gas(768, 144); // from a word's start: one slot
        uint256 each = (many - few) / 128;
        VM.snapshotValue("Rollup", "exitBatch, gas per further balance", each);
        VM.assertGe(2_800, each, "gas per exit");
    }

    /// Exits of accounts one after another, without zero bytes in their amounts and owners; the verifier takes everything.
    function _gas(uint32 from, uint256 count) private returns (uint256) {
        bytes memory bridge = "";
        for (uint256 i = 0; i < count; ++i) {
            address owner = address(uint160((uint256(type(uint160).max) / 15) + i));
            bridge = bytes.concat(bridge, _exitRecord(from + uint32(i), 0, 0x11111111111111, owner));
        }
        VM.etch(address(verifier), hex"00");
        rollup.exitBatch(DATA_HASH, bridge, PROOF);
        return VM.lastCallGas().gasTotalUsed;
    }
}
