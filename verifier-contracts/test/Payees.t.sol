// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../src/IRollup.sol";
import {BlockingToken, LongWindedToken} from "./support/OddTokens.sol";
import {RollupTest} from "./support/RollupTest.sol";

/// Takes no ETH, but can call.
contract RefusingWallet {
    function execute(address target, bytes calldata data) external returns (bool done, bytes memory answer) {
        return target.call(data);
    }
}

/// Takes ETH and answers with a megabyte, in success or in failure.
contract LongWindedRecipient {
    bool private immutable REFUSES;

    constructor(bool refuses) {
        REFUSES = refuses;
    }

    receive() external payable {
        bool refuses = REFUSES;
        assembly {
            switch refuses
            case 0 { return(0, 1000000) }
            default { revert(0, 1000000) }
        }
    }
}

/// @title Recipients that cannot or do not want to be paid
contract PayeesTest is RollupTest {
    address private constant BOB = address(0xb0b);
    address private constant CAROL = address(0xca401);
    /// The recipient itself pays over 2,000,000 for the memory of a megabyte; copying it would cost as much again.
    uint256 private constant GAS_WITHOUT_COPY = 3_500_000;

    function test_refusingRecipientHasItPaidElsewhere() external {
        RefusingWallet wallet = new RefusingWallet();
        (IRollup.BatchHeader memory header, IRollup.Withdrawal memory withdrawal) = _withdraw(0, 10, address(wallet));
        bytes32[] memory none = new bytes32[](0);
        bytes memory failed = abi.encodeWithSelector(IRollup.EthTransferFailed.selector, address(wallet));
        _expect(failed);
        rollup.claimWithdrawal(header, 0, withdrawal, none);
        // To itself it fails as before, and may be tried again.
        bytes memory toItself =
            abi.encodeCall(IRollup.claimWithdrawalTo, (header, 0, withdrawal, none, address(wallet)));
        (bool done, bytes memory answer) = wallet.execute(address(rollup), toItself);
        VM.assertFalse(done);
        VM.assertEq(answer, failed);

        VM.expectEmit(address(rollup));
        emit IRollup.WithdrawalClaimed(1, 0, 0, CAROL, 10);
        bytes memory toCarol = abi.encodeCall(IRollup.claimWithdrawalTo, (header, 0, withdrawal, none, CAROL));
        (done,) = wallet.execute(address(rollup), toCarol);
        VM.assertTrue(done);
        VM.assertEq(CAROL.balance, 10 gwei);
        VM.assertEq(rollup.outstanding(0), 990);
        VM.assertTrue(rollup.isClaimed(1, 0));
        (done, answer) = wallet.execute(address(rollup), toCarol); // once
        VM.assertEq(answer, abi.encodeWithSelector(IRollup.WithdrawalAlreadyClaimed.selector, 1, 0));
    }

    function test_blockedHolderHasItPaidElsewhere() external {
        BlockingToken odd = new BlockingToken();
        uint8 id = _fund(odd);
        (IRollup.BatchHeader memory header, IRollup.Withdrawal memory withdrawal) = _withdraw(id, 10, BOB);
        odd.setBlocked(BOB, true);
        _expect(abi.encodeWithSelector(IRollup.TokenTransferFailed.selector, address(odd)));
        rollup.claimWithdrawal(header, 0, withdrawal, new bytes32[](0));
        VM.prank(BOB);
        rollup.claimWithdrawalTo(header, 0, withdrawal, new bytes32[](0), CAROL);
        VM.assertEq(odd.balanceOf(CAROL), 10);
        _expect(abi.encodeWithSelector(IRollup.WithdrawalAlreadyClaimed.selector, 1, 0));
        rollup.claimWithdrawal(header, 0, withdrawal, new bytes32[](0));
    }

    /// The payee is not part of the leaf: with another recipient in the withdrawal the proof fails.
    function test_revertCallerNotRecipient() external {
        (IRollup.BatchHeader memory header, IRollup.Withdrawal memory withdrawal) = _withdraw(0, 10, BOB);
        bytes32[] memory none = new bytes32[](0);
        address[2] memory others = [ALICE, OPERATOR];
        for (uint256 i = 0; i < 2; ++i) {
            _expect(abi.encodeWithSelector(IRollup.CallerNotRecipient.selector, others[i], BOB));
            VM.prank(others[i]);
            rollup.claimWithdrawalTo(header, 0, withdrawal, none, others[i]);
        }
        withdrawal.to = ALICE;
        _expect(abi.encodeWithSelector(IRollup.WithdrawalProofInvalid.selector, 1, 0));
        VM.prank(ALICE);
        rollup.claimWithdrawalTo(header, 0, withdrawal, none, ALICE);
    }

    function test_revertPayeeInvalid() external {
        (IRollup.BatchHeader memory header, IRollup.Withdrawal memory withdrawal) = _withdraw(0, 10, BOB);
        address[2] memory lost = [address(0), address(rollup)];
        for (uint256 i = 0; i < 2; ++i) {
            _expect(abi.encodeWithSelector(IRollup.PayeeInvalid.selector, lost[i]));
            VM.prank(BOB);
            rollup.claimWithdrawalTo(header, 0, withdrawal, new bytes32[](0), lost[i]);
        }
    }

    /// A recipient cannot make whoever triggers its claim pay for the copy of what it answers.
    function test_answersOfRecipientsAreNotCopied() external {
        address recipient = address(new LongWindedRecipient(false));
        (IRollup.BatchHeader memory header, IRollup.Withdrawal memory withdrawal) = _withdraw(0, 10, recipient);
        rollup.claimWithdrawal{gas: GAS_WITHOUT_COPY}(header, 0, withdrawal, new bytes32[](0));
        VM.assertEq(recipient.balance, 10 gwei);
    }

    function test_refusalsOfRecipientsAreNotCopied() external {
        address recipient = address(new LongWindedRecipient(true));
        (IRollup.BatchHeader memory header, IRollup.Withdrawal memory withdrawal) = _withdraw(0, 10, recipient);
        _expect(abi.encodeWithSelector(IRollup.EthTransferFailed.selector, recipient));
        rollup.claimWithdrawal{gas: GAS_WITHOUT_COPY}(header, 0, withdrawal, new bytes32[](0));
    }

    function test_answersOfTokensAreNotCopied() external {
        LongWindedToken odd = new LongWindedToken();
        uint8 id = _fund(odd);
        (IRollup.BatchHeader memory header, IRollup.Withdrawal memory withdrawal) = _withdraw(id, 10, BOB);
        rollup.claimWithdrawal{gas: GAS_WITHOUT_COPY}(header, 0, withdrawal, new bytes32[](0));
        VM.assertEq(odd.balanceOf(BOB), 10);
    }

    /// Registers the token and gives it to Alice.
    function _fund(BlockingToken odd) private returns (uint8) {
        return _fundMintable(address(odd), odd.mint, odd.approve);
    }

    function _fund(LongWindedToken odd) private returns (uint8) {
        return _fundMintable(address(odd), odd.mint, odd.approve);
    }

    function _fundMintable(
        address odd,
        function(address, uint256) external mint,
        function(address, uint256) external returns (bool) approve
    ) private returns (uint8 id) {
        VM.prank(OPERATOR);
        id = rollup.registerToken(odd, 0);
        mint(ALICE, 1000);
        VM.prank(ALICE);
        approve(address(rollup), 1000);
    }

    /// A proven batch that deposits 1,000 units and withdraws once: its proof in the tree is empty.
    function _withdraw(uint8 id, uint64 amount, address to)
        private
        returns (IRollup.BatchHeader memory header, IRollup.Withdrawal memory withdrawal)
    {
        if (id == 0) {
            _depositEth(1000, AUTH);
        } else {
            address erc20 = rollup.tokenInfo(id).token;
            VM.prank(ALICE);
            rollup.depositERC20(erc20, 1000, ALICE, AUTH);
        }
        withdrawal = IRollup.Withdrawal(id, amount, to);
        header = _commit(bytes.concat(_depositRecord(id, 1000, AUTH), _withdrawRecord(id, amount, to)), "");
        _prove(header);
    }
}
