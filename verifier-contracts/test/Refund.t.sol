// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../src/IRollup.sol";
import {ExitTest, ReentrantOwner, RefusingOwner} from "./support/ExitTest.sol";
import {Pubdata} from "./support/Pubdata.sol";

/// @title Deposits that no proven batch executed go back to who made them
contract RefundTest is ExitTest {
    /// Number 0 is proven, the others are not: ALICE's for herself, ALICE's of a token for BOB.
    function setUp() public override {
        super.setUp();
        _fund(1, BOB, 0, 100);
        _depositEth(5, AUTH);
        VM.prank(ALICE);
        rollup.depositERC20(address(token), 8 * TOKEN_UNIT, BOB, 0);
    }

    function test_depositsGoBackToTheirSender() external {
        _freeze();
        (uint256 ethBefore, uint256 tokensBefore) = (ALICE.balance, token.balanceOf(ALICE));
        VM.expectEmit(address(rollup));
        emit IRollup.DepositRefunded(1, 0, ALICE, 5);
        VM.prank(CAROL); // anybody
        rollup.refundDeposit(1, _own());
        VM.snapshotGasLastCall("Rollup", "refundDeposit, ETH");
        VM.assertEq(ALICE.balance - ethBefore, 5 gwei);
        VM.assertEq(rollup.outstanding(0), 100);
        rollup.refundDeposit(2, _forBob());
        VM.assertEq(token.balanceOf(ALICE) - tokensBefore, 8 * TOKEN_UNIT); // not BOB's
        VM.assertEq(rollup.outstanding(1), 0);
        VM.assertEq(rollup.queuedOperation(2), bytes32(0));
    }

    function test_aDepositIsRefundedOnce() external {
        _freeze();
        rollup.refundDeposit(1, _own());
        bytes memory expected = abi.encodeWithSelector(IRollup.DepositAlreadyRefunded.selector, 1);
        _expectRefused(1, _own(), expected);
        _expect(expected);
        VM.prank(ALICE);
        rollup.refundDepositTo(1, _own(), CAROL);
    }

    /// A batch that was committed and never proven executed nothing.
    function test_committedDepositsAreRefunded() external {
        IRollup.BatchHeader memory header = _commit(_depositRecord(0, 5, AUTH), "");
        VM.warp(block.timestamp + 100 days);
        _enter(header);
        rollup.refundDeposit(1, _own());
        rollup.refundDeposit(2, _forBob());
        _expectRefused(0, "", abi.encodeWithSelector(IRollup.OperationNotRefundable.selector, 0, 1, 3));
    }

    /// What a proven batch executed is in the state, and leaves from there.
    function test_provenDepositsAreNotRefunded() external {
        _prove(_commit(_depositRecord(0, 5, AUTH), ""));
        _freeze();
        _expectRefused(1, _own(), abi.encodeWithSelector(IRollup.OperationNotRefundable.selector, 1, 2, 4));
        rollup.refundDeposit(2, _forBob());
        _expectRefused(4, _own(), abi.encodeWithSelector(IRollup.OperationNotRefundable.selector, 4, 2, 4));
    }

    /// Only with the very record that was queued: its amount, its token, its owner.
    function test_revertOperationMismatch() external {
        _freeze();
        bytes memory expected = abi.encodeWithSelector(IRollup.OperationMismatch.selector, 1);
        bytes memory record = _own();
        for (uint256 bit = 0; bit < 8 * record.length; ++bit) {
            record[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
            _expectRefused(1, record, expected);
            record[bit / 8] ^= bytes1(uint8(1 << (bit % 8)));
        }
        _expectRefused(1, "", expected);
        _expectRefused(1, bytes.concat(record, hex"00"), expected);
        _expectRefused(1, _forBob(), expected);
        rollup.refundDeposit(1, record);
    }

    /// Nothing else that the queue has brought anything in.
    function test_revertOperationNotDeposit() external {
        VM.startPrank(ALICE);
        rollup.setAuth(9, AUTH);
        rollup.forceWithdrawal(9, 0, 5);
        rollup.forceTransfer(9, 8, 0, 5);
        VM.stopPrank();
        VM.prank(OPERATOR);
        rollup.setFlags(9, 1);
        _freeze();
        bytes[4] memory records = [
            Pubdata.encode(Pubdata.SetAuth({account: 9, sender: ALICE, auth: AUTH})),
            Pubdata.encode(Pubdata.ForcedWithdrawal({account: 9, token: 0, amount: 5, sender: ALICE, paid: 0})),
            Pubdata.encode(Pubdata.ForcedTransfer({account: 9, token: 0, amount: 5, sender: ALICE, paid: 0, to: 8})),
            Pubdata.encode(Pubdata.SetFlags({account: 9, flags: 1}))
        ];
        for (uint64 i = 0; i < 4; ++i) {
            _expectRefused(3 + i, records[i], abi.encodeWithSelector(IRollup.OperationNotDeposit.selector, 3 + i));
        }
    }

    function test_revertNotInExitMode() external {
        bytes memory expected = abi.encodeWithSelector(IRollup.NotInExitMode.selector);
        _expectRefused(1, _own(), expected);
        _expect(expected);
        VM.prank(ALICE);
        rollup.refundDepositTo(1, _own(), CAROL);
    }

    function test_onlyTheSenderHasItPaidElsewhere() external {
        _freeze();
        _expect(abi.encodeWithSelector(IRollup.CallerNotRecipient.selector, BOB, ALICE));
        VM.prank(BOB); // the owner of the account, who paid nothing
        rollup.refundDepositTo(2, _forBob(), BOB);
        address[2] memory lost = [address(0), address(rollup)];
        for (uint256 i = 0; i < lost.length; ++i) {
            _expect(abi.encodeWithSelector(IRollup.PayeeInvalid.selector, lost[i]));
            VM.prank(ALICE);
            rollup.refundDepositTo(2, _forBob(), lost[i]);
        }
        VM.expectEmit(address(rollup));
        emit IRollup.DepositRefunded(2, 1, CAROL, 8);
        VM.prank(ALICE);
        rollup.refundDepositTo(2, _forBob(), CAROL);
        VM.assertEq(token.balanceOf(CAROL), 8 * TOKEN_UNIT);
    }

    function test_aSenderThatRefusesEthHasItPaidElsewhere() external {
        RefusingOwner wallet = new RefusingOwner();
        VM.deal(address(wallet), 6 gwei);
        VM.prank(address(wallet));
        rollup.depositETH{value: 6 gwei}(address(wallet), AUTH);
        _freeze();
        bytes memory record = _record(0, 6, address(wallet), AUTH);
        _expectRefused(3, record, abi.encodeWithSelector(IRollup.EthTransferFailed.selector, address(wallet)));
        (bool done,) = wallet.execute(address(rollup), abi.encodeCall(IRollup.refundDepositTo, (3, record, CAROL)));
        VM.assertTrue(done);
        VM.assertEq(CAROL.balance, 6 gwei);
    }

    function test_revertReentrantCall() external {
        ReentrantOwner owner = new ReentrantOwner();
        VM.deal(address(owner), 6 gwei);
        VM.prank(address(owner));
        rollup.depositETH{value: 6 gwei}(address(owner), AUTH);
        _freeze();
        bytes memory record = _record(0, 6, address(owner), AUTH);
        owner.setCall(abi.encodeCall(IRollup.refundDeposit, (3, record)));
        rollup.refundDeposit(3, record);
        VM.assertEq(owner.answer(), abi.encodeWithSelector(IRollup.ReentrantCall.selector));
        VM.assertEq(address(owner).balance, 6 gwei);
    }

    /// Every deposit's record gives back what it brought in.
    function testFuzz_refund(uint56 units, address owner, bool himself, bool eth) external {
        VM.assume(units > 0 && owner > address(0xffff) && owner.code.length == 0);
        address sender = himself ? owner : ALICE;
        VM.deal(sender, uint256(units) * 1 gwei);
        token.mint(sender, units * TOKEN_UNIT);
        VM.startPrank(sender);
        token.approve(address(rollup), type(uint256).max);
        if (eth) rollup.depositETH{value: uint256(units) * 1 gwei}(owner, 0);
        else rollup.depositERC20(address(token), units * TOKEN_UNIT, owner, 0);
        VM.stopPrank();
        _freeze();
        (uint256 ethBefore, uint256 tokensBefore) = (sender.balance, token.balanceOf(sender));
        rollup.refundDeposit(3, _record(eth ? 0 : 1, units, owner, 0));
        VM.assertEq(sender.balance - ethBefore, eth ? uint256(units) * 1 gwei : 0);
        VM.assertEq(token.balanceOf(sender) - tokensBefore, eth ? 0 : units * TOKEN_UNIT);
    }

    function _own() private pure returns (bytes memory) {
        return _record(0, 5, ALICE, AUTH);
    }

    function _forBob() private pure returns (bytes memory) {
        return _record(1, 8, BOB, 0);
    }

    function _record(uint8 id, uint56 units, address owner, uint256 auth) private pure returns (bytes memory) {
        return Pubdata.encode(Pubdata.Deposit({account: 0, token: id, amount: units, owner: owner, auth: auth}));
    }

    function _expectRefused(uint64 index, bytes memory record, bytes memory expected) private {
        _expect(expected);
        rollup.refundDeposit(index, record);
    }
}
