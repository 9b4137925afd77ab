// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../src/IRollup.sol";
import {BlockingToken} from "./support/OddTokens.sol";
import {GasBurner, ReentrantPayee, RefusingPayee} from "./support/Payees.sol";
import {RollupTest} from "./support/RollupTest.sol";
import {Withdrawals} from "./support/Withdrawals.sol";

/// @title Several withdrawals of a batch in one claim
contract ClaimWithdrawalsTest is RollupTest {
    Withdrawals private tree = new Withdrawals();

    function setUp() public override {
        super.setUp();
        _depositEth(1e6, AUTH);
        _depositToken(1e6, AUTH);
        _prove(_commit(bytes.concat(_depositRecord(0, 1e6, AUTH), _depositRecord(1, 1e6, AUTH)), ""));
    }

    function test_severalArePaidAtOnce() external {
        IRollup.BatchHeader memory header = _tree(5);
        uint32[] memory some = _indices(0x1b); // 0, 1, 3, 4
        VM.expectEmit(address(rollup));
        emit IRollup.WithdrawalClaimed(2, 0, 0, _owner(0), 1);
        VM.expectEmit(address(rollup));
        emit IRollup.WithdrawalClaimed(2, 1, 1, _owner(1), 2);
        VM.assertEq(_claim(header, some), 4);
        VM.assertEq(_owner(4).balance, 5 gwei);
        VM.assertEq(token.balanceOf(_owner(3)), 4 * TOKEN_UNIT);
        VM.assertEq(rollup.outstanding(0), 1e6 - 6);
        VM.assertEq(rollup.outstanding(1), 1e6 - 6);
        VM.assertFalse(rollup.isClaimed(2, 2));
        VM.assertEq(_owner(2).balance, 0);
    }

    /// Any subset of a tree of any shape: exactly the claimed ones are paid, each once.
    function testFuzz_anySubsetIsPaidOnce(uint8 size, uint256 first, uint256 second) external {
        uint256 count = _bound(size, 1, 40);
        first = (first & ((1 << count) - 1)) | 1;
        second &= (1 << count) - 1;
        IRollup.BatchHeader memory header = _tree(count);
        VM.assertEq(_claim(header, _indices(first)), _ones(first));
        uint256 rest = second & ~first;
        if (rest == 0) {
            uint32[] memory again = _indices(first | second);
            (IRollup.Claim[] memory claims, bytes32[] memory proof) = (tree.claims(again), tree.proofOf(again));
            _expect(abi.encodeWithSelector(IRollup.NothingPaid.selector));
            rollup.claimWithdrawals(header, claims, proof);
        } else {
            VM.assertEq(_claim(header, _indices(first | second)), _ones(rest));
        }
        for (uint32 i = 0; i < count; ++i) {
            uint256 due = ((first | second) >> i) & 1;
            VM.assertTrue(rollup.isClaimed(2, i) == (due == 1));
            uint256 paid = i % 2 == 0 ? _owner(i).balance / 1 gwei : token.balanceOf(_owner(i)) / TOKEN_UNIT;
            VM.assertEq(paid, due * (i + 1));
        }
    }

    /// Bits of two words of the bitmap, and a claim by itself of one in between.
    function test_moreThanAWordOfThem() external {
        IRollup.BatchHeader memory header = _tree(300);
        bytes32[] memory single = tree.proof(257);
        rollup.claimWithdrawal(header, 257, tree.get(257), single);
        uint32[] memory all = new uint32[](300);
        for (uint32 i = 0; i < 300; ++i) {
            all[i] = i;
        }
        VM.assertEq(_claim(header, all), 299);
        for (uint32 i = 0; i < 300; ++i) {
            VM.assertTrue(rollup.isClaimed(2, i));
        }
        VM.assertFalse(rollup.isClaimed(2, 300));
        VM.assertFalse(rollup.isClaimed(1, 0));
    }

    function test_revertWithdrawalsProofInvalid() external {
        IRollup.BatchHeader memory header = _tree(5);
        uint32[] memory some = _indices(0x0b); // 0, 1, 3
        bytes32[] memory proof = tree.proofOf(some);
        VM.assertEq(proof.length, 2);
        IRollup.Claim[] memory claims = tree.claims(some);
        claims[1].amount += 1;
        _expectInvalid(header, claims, proof);
        claims = tree.claims(some);
        claims[2].token ^= 1;
        _expectInvalid(header, claims, proof);
        claims = tree.claims(some);
        claims[0].to = ALICE;
        _expectInvalid(header, claims, proof);
        claims = tree.claims(some);
        claims[2].index = 2;
        _expectInvalid(header, claims, proof);
        claims = tree.claims(some);
        for (uint256 i = 0; i < proof.length; ++i) {
            bytes32 good = proof[i];
            proof[i] ^= bytes32(uint256(1));
            _expectInvalid(header, claims, proof);
            proof[i] = good;
        }
        bytes32[] memory other = new bytes32[](1);
        other[0] = proof[0];
        _expectInvalid(header, claims, other); // too short
        other = new bytes32[](3);
        (other[0], other[1]) = (proof[0], proof[1]);
        _expectInvalid(header, claims, other); // too long
        _expectInvalid(header, new IRollup.Claim[](0), new bytes32[](0)); // none
        other = new bytes32[](1);
        other[0] = header.withdrawalsRoot;
        _expectInvalid(header, new IRollup.Claim[](0), other);
        VM.assertEq(_claim(header, some), 3);
    }

    /// A node of the tree is no leaf: not even with its place in the level above.
    function test_revertAnInnerNodeIsNoLeaf() external {
        IRollup.BatchHeader memory header = _tree(2);
        IRollup.Claim[] memory claims = new IRollup.Claim[](1);
        claims[0] = tree.claim(0);
        _expectInvalid(header, claims, new bytes32[](0));
    }

    function test_revertClaimsNotAscending() external {
        IRollup.BatchHeader memory header = _tree(5);
        uint32[2][2] memory bad = [[uint32(1), 1], [uint32(3), 1]]; // twice, and the wrong way round
        for (uint256 i = 0; i < bad.length; ++i) {
            IRollup.Claim[] memory claims = new IRollup.Claim[](2);
            (claims[0], claims[1]) = (tree.claim(bad[i][0]), tree.claim(bad[i][1]));
            _expect(abi.encodeWithSelector(IRollup.ClaimsNotAscending.selector, 1));
            rollup.claimWithdrawals(header, claims, new bytes32[](0));
        }
    }

    function test_revertWithdrawalIndexOutOfRange() external {
        IRollup.BatchHeader memory header = _tree(5);
        IRollup.Claim[] memory claims = new IRollup.Claim[](1);
        claims[0] = tree.claim(4);
        claims[0].index = 5;
        _expect(abi.encodeWithSelector(IRollup.WithdrawalIndexOutOfRange.selector, 5, 5));
        rollup.claimWithdrawals(header, claims, new bytes32[](0));
    }

    function test_revertBatchNotProvenOrAnotherHeader() external {
        tree.push(IRollup.Withdrawal(0, 10, ALICE));
        IRollup.BatchHeader memory header = _commit(tree.stream(), "");
        IRollup.Claim[] memory claims = tree.claims(_indices(1));
        _expect(abi.encodeWithSelector(IRollup.BatchNotProven.selector, 2, 1));
        rollup.claimWithdrawals(header, claims, new bytes32[](0));
        _prove(header);
        bytes32 committed = keccak256(abi.encode(header));
        header.withdrawalsRoot = keccak256(abi.encode(0, 0, 500, ALICE));
        bytes32 changed = keccak256(abi.encode(header));
        _expect(abi.encodeWithSelector(IRollup.HeaderMismatch.selector, 2, changed, committed));
        rollup.claimWithdrawals(header, claims, new bytes32[](0));
    }

    /// Who refuses ETH, burns all the gas, or is blocked by the token keeps an open claim; the others are paid.
    function test_whoCannotBePaidHoldsUpNobody() external {
        BlockingToken odd = new BlockingToken();
        uint8 id = _fund(odd);
        address refusing = address(new RefusingPayee());
        address burning = address(new GasBurner());
        tree.push(IRollup.Withdrawal(0, 1, refusing));
        tree.push(IRollup.Withdrawal(0, 2, burning));
        tree.push(IRollup.Withdrawal(id, 3, OPERATOR));
        tree.push(IRollup.Withdrawal(0, 4, OPERATOR));
        tree.push(IRollup.Withdrawal(1, 5, OPERATOR));
        IRollup.BatchHeader memory header = _proven(bytes.concat(_depositRecord(id, 10, AUTH), tree.stream()));
        odd.setBlocked(OPERATOR, true);
        VM.assertEq(_claim(header, _indices(0x1f)), 2);
        VM.assertGe(600_000, VM.lastCallGas().gasTotalUsed, "one burns no more than a payment's gas");
        VM.assertEq(OPERATOR.balance, 4 gwei);
        VM.assertEq(token.balanceOf(OPERATOR), 5 * TOKEN_UNIT);
        VM.assertEq(rollup.outstanding(0), 1e6 - 4);
        VM.assertEq(rollup.outstanding(id), 10);
        for (uint32 i = 0; i < 5; ++i) {
            VM.assertTrue(rollup.isClaimed(2, i) == (i > 2));
        }
        odd.setBlocked(OPERATOR, false);
        VM.assertEq(_claim(header, _indices(0x1f)), 1);
        VM.assertEq(odd.balanceOf(OPERATOR), 3);
        (IRollup.Withdrawal memory first, bytes32[] memory proof) = (tree.get(0), tree.proof(0));
        VM.prank(refusing);
        rollup.claimWithdrawalTo(header, 0, first, proof, OPERATOR);
        VM.assertEq(OPERATOR.balance, 5 gwei);
    }

    /// Whatever gas a caller gives, a payment that its payee would take is made or all is undone.
    function testFuzz_littleGasLetsNoPaymentFail(uint256 gasLimit) external {
        IRollup.BatchHeader memory header = _tree(4);
        uint32[] memory all = _indices(0xf);
        IRollup.Claim[] memory claims = tree.claims(all);
        bytes32[] memory proof = tree.proofOf(all);
        gasLimit = _bound(gasLimit, 40_000, 600_000);
        (bool done, bytes memory answer) =
            address(rollup).call{gas: gasLimit}(abi.encodeCall(IRollup.claimWithdrawals, (header, claims, proof)));
        if (done) VM.assertEq(abi.decode(answer, (uint256)), 4);
        else if (answer.length > 0) VM.assertTrue(bytes4(answer) == IRollup.GasTooLow.selector);
        VM.assertTrue(rollup.isClaimed(2, 3) == done);
    }

    /// Into every function that pays or takes tokens, and into this one.
    function test_revertReentrantCall() external {
        ReentrantPayee payee = new ReentrantPayee();
        tree.push(IRollup.Withdrawal(0, 1, address(payee)));
        tree.push(IRollup.Withdrawal(0, 2, ALICE));
        IRollup.BatchHeader memory header = _proven(tree.stream());
        uint32[] memory second = _indices(2);
        payee.setCall(abi.encodeCall(IRollup.claimWithdrawals, (header, tree.claims(second), tree.proofOf(second))));
        VM.assertEq(_claim(header, _indices(1)), 1);
        VM.assertEq(payee.answer(), abi.encodeWithSelector(IRollup.ReentrantCall.selector));
        VM.assertFalse(rollup.isClaimed(2, 1));
    }

    function test_claimGas() external {
        _warm(); // slots of the tokens' and the counters' first writing
        _snapshotValue("claimWithdrawals, ETH of one owner, gas per withdrawal of 8", _gas(8, false) / 8);
        _snapshotValue("claimWithdrawals, ETH to new accounts, gas each of 64", _gas(64, true) / 64);
        _snapshotValue("claimWithdrawals, ETH to known accounts, gas each of 64", _gas(64, false) / 64);
    }

    function _warm() private {
        _depositEth(1e9, AUTH);
        _prove(_commit(_depositRecord(0, 1e9, AUTH), ""));
    }

    /// Withdrawals of ETH, all of a batch.
    function _gas(uint256 count, bool fresh) private returns (uint256) {
        tree = new Withdrawals();
        uint32[] memory all = new uint32[](count);
        for (uint32 i = 0; i < count; ++i) {
            address to = address(uint160((uint256(type(uint160).max) / 15) + count + (count == 8 ? 0 : i)));
            if (!fresh) VM.deal(to, 1);
            tree.push(IRollup.Withdrawal(0, 0x111111, to));
            all[i] = i;
        }
        IRollup.BatchHeader memory header = _proven(tree.stream());
        VM.assertEq(_claim(header, all), count);
        return VM.lastCallGas().gasTotalUsed;
    }

    function _tree(uint256 count) private returns (IRollup.BatchHeader memory) {
        for (uint256 i = 0; i < count; ++i) {
            tree.push(IRollup.Withdrawal(uint8(i % 2), uint64(i + 1), _owner(i)));
        }
        return _proven(tree.stream());
    }

    function _proven(bytes memory bridge) private returns (IRollup.BatchHeader memory header) {
        header = _commit(bridge, "");
        _prove(header);
    }

    function _fund(BlockingToken odd) private returns (uint8 id) {
        VM.prank(OPERATOR);
        id = rollup.registerToken(address(odd), 0);
        odd.mint(ALICE, 10);
        VM.startPrank(ALICE);
        odd.approve(address(rollup), 10);
        rollup.depositERC20(address(odd), 10, ALICE, AUTH);
        VM.stopPrank();
    }

    function _claim(IRollup.BatchHeader memory header, uint32[] memory indices) private returns (uint256) {
        (IRollup.Claim[] memory claims, bytes32[] memory proof) = (tree.claims(indices), tree.proofOf(indices));
        return rollup.claimWithdrawals(header, claims, proof);
    }

    function _expectInvalid(IRollup.BatchHeader memory header, IRollup.Claim[] memory claims, bytes32[] memory proof)
        private
    {
        _expect(abi.encodeWithSelector(IRollup.WithdrawalsProofInvalid.selector, 2));
        rollup.claimWithdrawals(header, claims, proof);
    }

    function _owner(uint256 i) private pure returns (address) {
        return address(uint160(0x10000 + i));
    }

    /// Of the bits that are set.
    function _indices(uint256 bits) private pure returns (uint32[] memory result) {
        result = new uint32[](_ones(bits));
        uint256 used = 0;
        for (uint32 i = 0; i < 256; ++i) {
            if ((bits >> i) & 1 == 1) result[used++] = i;
        }
    }

    function _ones(uint256 bits) private pure returns (uint256 count) {
        for (; bits != 0; bits &= bits - 1) {
            ++count;
        }
    }
}
