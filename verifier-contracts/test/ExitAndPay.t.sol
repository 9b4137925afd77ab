// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IProofVerifier} from "../src/IProofVerifier.sol";
import {IRollup} from "../src/IRollup.sol";
import {ExitTest, ReentrantOwner, RefusingOwner} from "./support/ExitTest.sol";
import {GasBurner} from "./support/Payees.sol";
import {Withdrawals} from "./support/Withdrawals.sol";

/// @title Balances that leave by a proof and are paid at once, in exit mode
contract ExitAndPayTest is ExitTest {
    function setUp() public override {
        super.setUp();
        _fund(1, BOB, 0, 100);
        _fund(1, BOB, 1, 20);
        _fund(300, CAROL, 1, 30);
    }

    function test_ownersArePaidAndNoBatchIsMade() external {
        _freeze();
        bytes memory bridge = bytes.concat(_exitRecord(1, 0), _exitRecord(300, 1), _exitRecord(1, 1));
        uint64 batches = rollup.committedBatches();
        _accept(bridge);
        VM.expectEmit(address(rollup));
        emit IRollup.BalanceExited(1, 0, BOB, 100);
        VM.expectEmit(address(rollup));
        emit IRollup.BalanceExited(300, 1, CAROL, 30);
        VM.prank(CAROL); // anybody
        VM.assertEq(rollup.exitAndPay(DATA_HASH, bridge, PROOF), 3);
        VM.assertEq(BOB.balance, 100 gwei);
        VM.assertEq(token.balanceOf(BOB), 20 * TOKEN_UNIT);
        VM.assertEq(token.balanceOf(CAROL), 30 * TOKEN_UNIT);
        VM.assertTrue(rollup.isExited(1, 0) && rollup.isExited(1, 1) && rollup.isExited(300, 1));
        VM.assertEq(rollup.outstanding(0) + rollup.outstanding(1), 0);
        VM.assertEq(rollup.committedBatches(), batches);
        VM.assertEq(rollup.provenBatches(), batches);
        VM.assertEq(rollup.stateRoot(), state.root());
    }

    /// Whichever way it left before, and within one stream.
    function test_aBalanceLeavesOnce() external {
        _freeze();
        rollup.exitByPath(state.path(1, 0));
        _exitBatch(_exitRecord(1, 1), _withdrawals(1, 20, BOB));
        bytes memory bridge =
            bytes.concat(_exitRecord(1, 0), _exitRecord(300, 1), _exitRecord(1, 1), _exitRecord(300, 1));
        VM.assertEq(_pay(bridge), 1);
        VM.assertEq(BOB.balance, 100 gwei);
        VM.assertEq(token.balanceOf(BOB), 0); // it is claimed
        VM.assertEq(token.balanceOf(CAROL), 30 * TOKEN_UNIT);
        _accept(bridge);
        _expect(abi.encodeWithSelector(IRollup.NothingPaid.selector));
        rollup.exitAndPay(DATA_HASH, bridge, PROOF);
        // Nor by the other ways now.
        IRollup.AccountPath memory way = state.path(300, 1);
        _expect(abi.encodeWithSelector(IRollup.AlreadyExited.selector, 300, 1));
        rollup.exitByPath(way);
        IRollup.BatchHeader memory header = _exitBatch(_exitRecord(300, 1), new Withdrawals());
        VM.assertEq(header.withdrawalCount, 0);
    }

    /// The same instances as an exit batch: a proof made for one is good for the other.
    function test_theProofIsAnExitBatchs() external {
        _freeze();
        bytes memory bridge = _exitRecord(1, 0);
        verifier.accept(PROOF, rollup.instances(_exitHeader(bridge, _withdrawals(0, 100, BOB))));
        rollup.exitAndPay(DATA_HASH, bridge, PROOF);
        VM.assertEq(BOB.balance, 100 gwei);
    }

    function test_revertProofInvalid() external {
        _freeze();
        bytes memory bridge = _exitRecord(1, 0);
        _accept(bridge);
        _expectInvalid(DATA_HASH, _exitRecord(1, 0, 101, BOB));
        _expectInvalid(DATA_HASH, _exitRecord(1, 0, 100, CAROL));
        _expectInvalid(DATA_HASH, _exitRecord(2, 0, 100, BOB));
        _expectInvalid(DATA_HASH + 1, bridge);
        VM.assertEq(_payAccepted(bridge), 1);
    }

    function test_revertUnusableCalls() external {
        bytes memory bridge = _exitRecord(1, 0);
        _expect(abi.encodeWithSelector(IRollup.NotInExitMode.selector));
        rollup.exitAndPay(DATA_HASH, bridge, PROOF);
        _freeze();
        _expect(abi.encodeWithSelector(IRollup.HashNotCanonical.selector, type(uint256).max));
        rollup.exitAndPay(type(uint256).max, bridge, PROOF);
        _expect(abi.encodeWithSelector(IRollup.ExitRecordInvalid.selector, 0));
        rollup.exitAndPay(DATA_HASH, _withdrawRecord(0, 100, BOB), PROOF);
        _expect(abi.encodeWithSelector(IRollup.BridgeRecordTruncated.selector, 35));
        rollup.exitAndPay(DATA_HASH, bytes.concat(bridge, hex"03000000000000"), PROOF);
    }

    /// Who refuses ETH or burns all gas has not left; the others have. By an exit batch of the same proof he leaves.
    function test_whoCannotBePaidHasNotLeft() external {
        RefusingOwner refusing = new RefusingOwner();
        _fund(5, address(refusing), 0, 11);
        _fund(6, address(new GasBurner()), 0, 12);
        _freeze();
        bytes memory bridge = bytes.concat(_exitRecord(5, 0), _exitRecord(1, 0), _exitRecord(6, 0), _exitRecord(300, 1));
        VM.assertEq(_pay(bridge), 2);
        VM.assertFalse(rollup.isExited(5, 0) || rollup.isExited(6, 0));
        VM.assertTrue(rollup.isExited(1, 0) && rollup.isExited(300, 1));
        VM.assertEq(rollup.outstanding(0), 23);
        bytes memory alone = _exitRecord(5, 0);
        _accept(alone);
        _expect(abi.encodeWithSelector(IRollup.NothingPaid.selector));
        rollup.exitAndPay(DATA_HASH, alone, PROOF);
        VM.assertFalse(rollup.isExited(5, 0));

        Withdrawals left = _withdrawals(0, 11, address(refusing));
        left.push(IRollup.Withdrawal(0, 12, state.path(6, 0).owner));
        IRollup.BatchHeader memory header = _exitBatch(bridge, left);
        (IRollup.Withdrawal memory withdrawal, bytes32[] memory proof) = (left.get(0), left.proof(0));
        bytes memory call = abi.encodeCall(IRollup.claimWithdrawalTo, (header, 0, withdrawal, proof, CAROL));
        (bool done,) = refusing.execute(address(rollup), call);
        VM.assertTrue(done);
        VM.assertEq(CAROL.balance, 11 gwei);
    }

    /// A token that lies about its balance, so to say: an amount that is not owed is not paid, and holds up nobody.
    function test_aProofOfMoreThanIsOwedPaysNothing() external {
        _freeze();
        bytes memory bridge = bytes.concat(_exitRecord(7, 0, 101, BOB), _exitRecord(8, 9, 1, BOB), _exitRecord(300, 1));
        VM.assertEq(_pay(bridge), 1);
        VM.assertEq(BOB.balance, 0);
        VM.assertEq(rollup.outstanding(0), 100);
    }

    function test_revertReentrantCallOfAnOwner() external {
        ReentrantOwner owner = new ReentrantOwner();
        _fund(5, address(owner), 0, 11);
        _freeze();
        bytes memory other = _exitRecord(1, 0);
        bytes memory bridge = _exitRecord(5, 0);
        bytes[4] memory calls = [
            abi.encodeCall(IRollup.exitAndPay, (DATA_HASH, other, PROOF)),
            // Its skipped balances would be told by events that come after its own.
            abi.encodeCall(IRollup.exitBatch, (DATA_HASH, bridge, PROOF)),
            abi.encodeCall(IRollup.exitByPath, (state.path(1, 0))),
            abi.encodeCall(IRollup.exitByPath, (state.path(5, 0)))
        ];
        for (uint256 i = 0; i < calls.length; ++i) {
            owner.setCall(calls[i]);
            uint256 snapshot = VM.snapshotState();
            VM.assertEq(_pay(bridge), 1);
            VM.assertEq(owner.answer(), abi.encodeWithSelector(IRollup.ReentrantCall.selector));
            VM.assertEq(address(owner).balance, 11 gwei);
            VM.assertFalse(rollup.isExited(1, 0));
            VM.revertToState(snapshot);
        }
    }

    function _accept(bytes memory bridge) private {
        verifier.accept(PROOF, rollup.instances(_exitHeader(bridge, new Withdrawals())));
    }

    function _pay(bytes memory bridge) private returns (uint256) {
        _accept(bridge);
        return _payAccepted(bridge);
    }

    function _payAccepted(bytes memory bridge) private returns (uint256) {
        return rollup.exitAndPay(DATA_HASH, bridge, PROOF);
    }

    function _expectInvalid(uint256 dataHash, bytes memory bridge) private {
        _expect(abi.encodeWithSelector(IProofVerifier.ProofInvalid.selector));
        rollup.exitAndPay(dataHash, bridge, PROOF);
    }
}

contract ExitAndPayGasTest is ExitTest {
    function setUp() public override {
        super.setUp();
        _fund(1, BOB, 0, 100);
    }

    /// The verifier takes everything: its gas is not in these.
    function test_exitGas() external {
        _fund(2_000, BOB, 0, 1e12);
        _freeze();
        VM.etch(address(verifier), hex"00");
        _gas(1_000, 1, false); // slots that are written for the first time
        uint256 one = _gas(300, 1, true);
        VM.snapshotValue("Rollup", "exitAndPay of one balance to a new account, without the verifier", one);
        uint256 few = _gas(512, 4, true);
        uint256 each = (_gas(768, 64, true) - few) / 60;
        VM.snapshotValue("Rollup", "exitAndPay, gas per further balance to a new account", each);
        few = _gas(1_024, 4, false);
        each = (_gas(1_280, 64, false) - few) / 60;
        VM.snapshotValue("Rollup", "exitAndPay, gas per further balance to a known account", each);
    }

    function _gas(uint32 from, uint256 count, bool fresh) private returns (uint256) {
        bytes memory bridge = "";
        for (uint256 i = 0; i < count; ++i) {
            address owner = address(uint160((uint256(type(uint160).max) / 15) + from + i));
            if (!fresh) VM.deal(owner, 1);
            bridge = bytes.concat(bridge, _exitRecord(from + uint32(i), 0, 0x11111111, owner));
        }
        VM.assertEq(rollup.exitAndPay(DATA_HASH, bridge, PROOF), count);
        return VM.lastCallGas().gasTotalUsed;
    }
}
