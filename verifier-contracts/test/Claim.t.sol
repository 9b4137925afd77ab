// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../src/IRollup.sol";
import {FalseToken} from "./support/OddTokens.sol";
import {RollupTest} from "./support/RollupTest.sol";
import {Withdrawals} from "./support/Withdrawals.sol";

/// Claims a second withdrawal while it receives the first, and keeps what that call answered.
contract ReentrantRecipient {
    bytes private claim;
    bytes public answer;

    function setClaim(bytes calldata data) external {
        claim = data;
    }

    receive() external payable {
        (, answer) = msg.sender.call(claim);
    }
}

contract RefusingRecipient {}

contract ClaimTest is RollupTest {
    address private constant BOB = address(0xb0b);
    Withdrawals private tree = new Withdrawals();

    function setUp() public override {
        super.setUp();
        _depositEth(1000, AUTH);
        _depositToken(1000, AUTH);
        _prove(_commit(bytes.concat(_depositRecord(0, 1000, AUTH), _depositRecord(1, 1000, AUTH)), ""));
    }

    function test_claimEthAndToken() external {
        IRollup.BatchHeader memory header = _withdraw(_pair());
        bytes32[] memory proof = tree.proof(0);
        VM.expectEmit(address(rollup));
        emit IRollup.WithdrawalClaimed(2, 0, 0, BOB, 10);
        VM.prank(ALICE); // anybody may trigger it
        rollup.claimWithdrawal(header, 0, tree.get(0), proof);
        _snapshotGas("claimWithdrawal, ETH");
        VM.assertEq(BOB.balance, 10 gwei);
        VM.assertEq(rollup.outstanding(0), 990);
        VM.assertTrue(rollup.isClaimed(2, 0));
        VM.assertFalse(rollup.isClaimed(2, 1));

        proof = tree.proof(1);
        rollup.claimWithdrawal(header, 1, tree.get(1), proof);
        _snapshotGas("claimWithdrawal, ERC-20");
        VM.assertEq(token.balanceOf(BOB), 20 * TOKEN_UNIT);
        VM.assertEq(rollup.outstanding(1), 980);
    }

    /// Every withdrawal of a tree of any shape can be claimed once, with its own proof and no other.
    function testFuzz_claimEach(uint8 seed) external {
        uint256 count = _bound(seed, 1, 40);
        for (uint256 i = 0; i < count; ++i) {
            tree.push(IRollup.Withdrawal(uint8(i % 2), uint64(i + 1), address(uint160(0x1000 + i))));
        }
        IRollup.BatchHeader memory header = _withdraw(tree);
        for (uint32 i = 0; i < count; ++i) {
            uint32 other = uint32((i + 1) % count);
            if (other != i) {
                bytes32[] memory foreign = tree.proof(other);
                _expectClaimRevert(header, i, tree.get(i), foreign, _proofInvalid(i));
                _expectClaimRevert(header, i, tree.get(other), foreign, _proofInvalid(i));
            }
            bytes32[] memory proof = tree.proof(i);
            rollup.claimWithdrawal(header, i, tree.get(i), proof);
            _expectClaimRevert(
                header, i, tree.get(i), proof, abi.encodeWithSelector(IRollup.WithdrawalAlreadyClaimed.selector, 2, i)
            );
            VM.assertEq(
                i % 2 == 0 ? tree.get(i).to.balance / 1 gwei : token.balanceOf(tree.get(i).to) / TOKEN_UNIT, i + 1
            );
        }
    }

    function test_revertBatchNotProven() external {
        Withdrawals pair = _pair();
        IRollup.BatchHeader memory header = _commit(pair.stream(), "");
        _expectClaimRevert(
            header, 0, pair.get(0), pair.proof(0), abi.encodeWithSelector(IRollup.BatchNotProven.selector, 2, 1)
        );
    }

    function test_revertHeaderMismatch() external {
        IRollup.BatchHeader memory header = _withdraw(_pair());
        bytes32 committed = keccak256(abi.encode(header));
        header.withdrawalsRoot = keccak256(abi.encode(0, 0, 500, ALICE));
        bytes32 changed = keccak256(abi.encode(header));
        _expectClaimRevert(
            header,
            0,
            IRollup.Withdrawal(0, 500, ALICE),
            new bytes32[](0),
            abi.encodeWithSelector(IRollup.HeaderMismatch.selector, 2, changed, committed)
        );
    }

    function test_revertWithdrawalIndexOutOfRange() external {
        IRollup.BatchHeader memory header = _withdraw(_pair());
        _expectClaimRevert(
            header,
            2,
            tree.get(0),
            tree.proof(0),
            abi.encodeWithSelector(IRollup.WithdrawalIndexOutOfRange.selector, 2, 2)
        );
    }

    function test_revertWithdrawalProofInvalid() external {
        IRollup.BatchHeader memory header = _withdraw(_pair());
        IRollup.Withdrawal memory good = tree.get(0);
        bytes32[] memory proof = tree.proof(0);
        IRollup.Withdrawal memory bad = tree.get(0);
        bad.amount += 1;
        _expectClaimRevert(header, 0, bad, proof, _proofInvalid(0));
        bad = tree.get(0);
        bad.token = 1;
        _expectClaimRevert(header, 0, bad, proof, _proofInvalid(0));
        bad = tree.get(0);
        bad.to = ALICE;
        _expectClaimRevert(header, 0, bad, proof, _proofInvalid(0));
        _expectClaimRevert(header, 1, good, proof, _proofInvalid(1));
        // Too short, too long, changed.
        _expectClaimRevert(header, 0, good, new bytes32[](0), _proofInvalid(0));
        bytes32[] memory longer = new bytes32[](2);
        longer[0] = proof[0];
        _expectClaimRevert(header, 0, good, longer, _proofInvalid(0));
        proof[0] ^= bytes32(uint256(1));
        _expectClaimRevert(header, 0, good, proof, _proofInvalid(0));
    }

    function test_revertReentrantCall() external {
        (ReentrantRecipient recipient, IRollup.BatchHeader memory header) = _withdrawToReentrant();
        recipient.setClaim(abi.encodeCall(IRollup.claimWithdrawal, (header, 1, tree.get(1), tree.proof(1))));
        _expectReentryRefused(recipient, header);
    }

    function test_revertReentrantRedirection() external {
        (ReentrantRecipient recipient, IRollup.BatchHeader memory header) = _withdrawToReentrant();
        recipient.setClaim(abi.encodeCall(IRollup.claimWithdrawalTo, (header, 1, tree.get(1), tree.proof(1), ALICE)));
        _expectReentryRefused(recipient, header);
    }

    /// A recipient that refuses ETH keeps its claim for later.
    function test_revertEthTransferFailed() external {
        address refusing = address(new RefusingRecipient());
        tree.push(IRollup.Withdrawal(0, 10, refusing));
        IRollup.BatchHeader memory header = _withdraw(tree);
        _expectClaimRevert(
            header, 0, tree.get(0), tree.proof(0), abi.encodeWithSelector(IRollup.EthTransferFailed.selector, refusing)
        );
        VM.assertFalse(rollup.isClaimed(2, 0));
        VM.assertEq(rollup.outstanding(0), 1000);
    }

    /// A token that stops paying keeps its claims open.
    function test_revertTokenTransferFailed() external {
        FalseToken odd = new FalseToken();
        VM.prank(OPERATOR);
        uint8 id = rollup.registerToken(address(odd), 0);
        odd.mint(ALICE, 10);
        VM.prank(ALICE);
        odd.approve(address(rollup), 10);
        VM.prank(ALICE);
        rollup.depositERC20(address(odd), 10, ALICE, AUTH);
        tree.push(IRollup.Withdrawal(id, 10, BOB));
        IRollup.BatchHeader memory header = _commit(bytes.concat(_depositRecord(id, 10, AUTH), tree.stream()), "");
        _prove(header);
        odd.setBroken(true);
        _expectClaimRevert(
            header,
            0,
            tree.get(0),
            tree.proof(0),
            abi.encodeWithSelector(IRollup.TokenTransferFailed.selector, address(odd))
        );
        odd.setBroken(false);
        rollup.claimWithdrawal(header, 0, tree.get(0), tree.proof(0));
        VM.assertEq(odd.balanceOf(BOB), 10);
    }

    function _pair() private returns (Withdrawals) {
        tree.push(IRollup.Withdrawal(0, 10, BOB));
        tree.push(IRollup.Withdrawal(1, 20, BOB));
        return tree;
    }

    /// Two withdrawals to a recipient that calls back.
    function _withdrawToReentrant() private returns (ReentrantRecipient recipient, IRollup.BatchHeader memory header) {
        recipient = new ReentrantRecipient();
        tree.push(IRollup.Withdrawal(0, 10, address(recipient)));
        tree.push(IRollup.Withdrawal(0, 20, address(recipient)));
        header = _withdraw(tree);
    }

    function _expectReentryRefused(ReentrantRecipient recipient, IRollup.BatchHeader memory header) private {
        rollup.claimWithdrawal(header, 0, tree.get(0), tree.proof(0));
        VM.assertEq(recipient.answer(), abi.encodeWithSelector(IRollup.ReentrantCall.selector));
        VM.assertEq(address(recipient).balance, 10 gwei);
        VM.assertFalse(rollup.isClaimed(2, 1));
    }

    function _withdraw(Withdrawals withdrawals) private returns (IRollup.BatchHeader memory header) {
        header = _commit(withdrawals.stream(), "");
        _prove(header);
    }

    function _proofInvalid(uint32 index) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRollup.WithdrawalProofInvalid.selector, 2, index);
    }

    function _expectClaimRevert(
        IRollup.BatchHeader memory header,
        uint32 index,
        IRollup.Withdrawal memory withdrawal,
        bytes32[] memory proof,
        bytes memory expected
    ) private {
        _expect(expected);
        rollup.claimWithdrawal(header, index, withdrawal, proof);
    }
}
