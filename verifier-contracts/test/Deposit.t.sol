// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../src/IRollup.sol";
import {Goldilocks} from "../src/libraries/Goldilocks.sol";
import {FalseToken, FeeToken, NegativeToken, NoReturnToken, ReentrantToken} from "./support/OddTokens.sol";
import {Pubdata} from "./support/Pubdata.sol";
import {RollupTest} from "./support/RollupTest.sol";

contract DepositTest is RollupTest {
    address private constant BOB = address(0xb0b);

    function test_depositEth() external {
        bytes memory record = _queuedRecord(0, 5, ALICE, AUTH);
        VM.expectEmit(address(rollup));
        emit IRollup.OperationQueued(0, 1, ALICE, uint32(block.timestamp), _expiry(), record);
        VM.prank(ALICE);
        uint64 index = rollup.depositETH{value: 5 gwei}(ALICE, AUTH);
        VM.snapshotGasLastCall("Rollup", "depositETH, first");
        VM.assertEq(index, 0);
        VM.assertEq(rollup.queuedOperation(0), _entry(record));
        VM.assertEq(rollup.queuedOperations(), 1);
        VM.assertEq(rollup.outstanding(0), 5);
        VM.assertEq(address(rollup).balance, 5 gwei);

        VM.prank(ALICE);
        VM.assertEq(rollup.depositETH{value: 6 gwei}(ALICE, AUTH), 1);
        VM.snapshotGasLastCall("Rollup", "depositETH, later");
    }

    function test_depositErc20() external {
        bytes memory record = _queuedRecord(1, 8, ALICE, AUTH);
        VM.expectEmit(address(rollup));
        emit IRollup.OperationQueued(0, 1, ALICE, uint32(block.timestamp), _expiry(), record);
        VM.prank(ALICE);
        rollup.depositERC20(address(token), 8 * TOKEN_UNIT, ALICE, AUTH);
        VM.snapshotGasLastCall("Rollup", "depositERC20, first");
        VM.assertEq(rollup.queuedOperation(0), _entry(record));
        VM.assertEq(rollup.outstanding(1), 8);
        VM.assertEq(token.balanceOf(address(rollup)), 8 * TOKEN_UNIT);
    }

    function test_depositErc20WithoutReturnValue() external {
        NoReturnToken odd = new NoReturnToken();
        odd.mint(ALICE, 100);
        _register(address(odd));
        VM.prank(ALICE);
        rollup.depositERC20(address(odd), 100, ALICE, AUTH);
        VM.assertEq(odd.balanceOf(address(rollup)), 100);
        VM.assertEq(rollup.outstanding(2), 100);
    }

    /// Whoever the owner is: his auth is in the record if he deposits himself, and in nobody else's.
    function testFuzz_depositEth(uint56 units, address owner, uint256 auth, bool himself) external {
        VM.assume(units > 0 && owner != address(0) && owner.code.length == 0);
        auth = himself ? Pubdata.canonicalHash(auth) : 0;
        address sender = himself ? owner : ALICE;
        VM.deal(sender, uint256(units) * 1 gwei);
        VM.prank(sender);
        rollup.depositETH{value: uint256(units) * 1 gwei}(owner, auth);
        VM.assertEq(rollup.queuedOperation(0), _entry(_queuedRecord(0, units, owner, auth)));
        VM.assertEq(address(rollup).balance, uint256(units) * 1 gwei);
    }

    /// Anybody can put something into somebody's account, but not choose what signs for it.
    function test_depositForAnotherOwner() external {
        bytes memory record = _queuedRecord(0, 5, BOB, 0);
        VM.expectEmit(address(rollup));
        emit IRollup.OperationQueued(0, 1, ALICE, uint32(block.timestamp), _expiry(), record);
        VM.prank(ALICE);
        rollup.depositETH{value: 5 gwei}(BOB, 0);
        VM.prank(ALICE);
        rollup.depositERC20(address(token), 8 * TOKEN_UNIT, BOB, 0);
        VM.assertEq(rollup.queuedOperation(0), _entry(record));
        VM.assertEq(rollup.queuedOperation(1), _entry(_queuedRecord(1, 8, BOB, 0), 1));
        VM.assertEq(rollup.depositorOf(0), ALICE);
        VM.assertEq(rollup.depositorOf(1), ALICE);
        VM.assertEq(rollup.depositorOf(_depositEth(1, AUTH)), address(0)); // the record says who
    }

    function test_revertCallerNotOwner() external {
        uint256[3] memory auths = [AUTH, 1, uint256(1) << 192];
        for (uint256 i = 0; i < auths.length; ++i) {
            _expect(abi.encodeWithSelector(IRollup.CallerNotOwner.selector, ALICE, BOB));
            VM.prank(ALICE);
            rollup.depositETH{value: 1 gwei}(BOB, auths[i]);
            _expect(abi.encodeWithSelector(IRollup.CallerNotOwner.selector, ALICE, BOB));
            VM.prank(ALICE);
            rollup.depositERC20(address(token), TOKEN_UNIT, BOB, auths[i]);
        }
    }

    function test_revertOwnerMissing() external {
        uint256[2] memory auths = [AUTH, 0];
        for (uint256 i = 0; i < auths.length; ++i) {
            _expect(abi.encodeWithSelector(IRollup.OwnerMissing.selector));
            VM.prank(ALICE);
            rollup.depositETH{value: 1 gwei}(address(0), auths[i]);
            _expect(abi.encodeWithSelector(IRollup.OwnerMissing.selector));
            VM.prank(ALICE);
            rollup.depositERC20(address(token), TOKEN_UNIT, address(0), auths[i]);
        }
    }

    function test_revertAuthNotCanonical() external {
        for (uint256 limb = 0; limb < 4; ++limb) {
            uint256 bad = Goldilocks.P << (64 * limb);
            _expectEthRevert(1 gwei, bad, abi.encodeWithSelector(IRollup.AuthNotCanonical.selector, bad));
            // One less is the largest canonical limb.
            _depositEth(1, bad - (1 << (64 * limb)));
        }
    }

    function test_revertAmountNotWholeUnits() external {
        bytes memory expected = abi.encodeWithSelector(IRollup.AmountNotWholeUnits.selector, 1 gwei + 1, 1 gwei);
        _expectEthRevert(1 gwei + 1, AUTH, expected);
        _expectTokenRevert(address(token), TOKEN_UNIT + 1, expected);
    }

    function test_revertAmountOutOfRange() external {
        uint256 limit = 1 << 56;
        _expectEthRevert(0, AUTH, abi.encodeWithSelector(IRollup.AmountOutOfRange.selector, 0, limit));
        _expectEthRevert(limit * 1 gwei, AUTH, abi.encodeWithSelector(IRollup.AmountOutOfRange.selector, limit, limit));
        _depositEth(limit - 1, AUTH);
    }

    function test_revertTokenTotalExceeded() external {
        uint256 limit = 1 << 62;
        for (uint256 i = 0; i < 64; ++i) {
            _depositEth((1 << 56) - 1, AUTH);
        }
        _depositEth(63, AUTH);
        VM.assertEq(rollup.outstanding(0), limit - 1);
        _expectEthRevert(1 gwei, AUTH, abi.encodeWithSelector(IRollup.TokenTotalExceeded.selector, 0, limit, limit));
        _depositToken(1, AUTH); // another token's total is its own
    }

    function test_revertTokenNotRegistered() external {
        _expectTokenRevert(ALICE, 1, abi.encodeWithSelector(IRollup.TokenNotRegistered.selector, ALICE));
        // ETH has no address: zero is not a way to it.
        _expectTokenRevert(address(0), 1, abi.encodeWithSelector(IRollup.TokenNotRegistered.selector, address(0)));
    }

    function test_revertTokenTransferFailed() external {
        FalseToken odd = new FalseToken();
        _fund(odd.mint, odd.approve, address(odd));
        odd.setBroken(true);
        _expectTokenRevert(address(odd), 1, abi.encodeWithSelector(IRollup.TokenTransferFailed.selector, address(odd)));
        // A reverting `transferFrom`: no allowance.
        VM.prank(ALICE);
        token.approve(address(rollup), 0);
        _expectTokenRevert(
            address(token), TOKEN_UNIT, abi.encodeWithSelector(IRollup.TokenTransferFailed.selector, address(token))
        );
    }

    function test_revertTokenTransferInexact() external {
        FeeToken fee = new FeeToken();
        _fund(fee.mint, fee.approve, address(fee));
        _expectTokenRevert(
            address(fee), 100, abi.encodeWithSelector(IRollup.TokenTransferInexact.selector, address(fee), 100, 99)
        );
        NegativeToken negative = new NegativeToken();
        _fund(negative.mint, negative.approve, address(negative));
        negative.mint(address(rollup), 100);
        _expectTokenRevert(
            address(negative),
            100,
            abi.encodeWithSelector(IRollup.TokenTransferInexact.selector, address(negative), 100, 0)
        );
    }

    function test_revertReentrantCall() external {
        ReentrantToken odd = new ReentrantToken();
        _fund(odd.mint, odd.approve, address(odd));
        VM.prank(ALICE);
        rollup.depositERC20(address(odd), 1, ALICE, AUTH);
        VM.assertEq(odd.answer(), abi.encodeWithSelector(IRollup.ReentrantCall.selector));
        VM.assertEq(rollup.queuedOperations(), 1);
    }

    function _queuedRecord(uint8 id, uint56 units, address owner, uint256 auth) private pure returns (bytes memory) {
        return Pubdata.encode(Pubdata.Deposit({account: 0, token: id, amount: units, owner: owner, auth: auth}));
    }

    function _register(address odd) private {
        VM.prank(OPERATOR);
        rollup.registerToken(odd, 0);
    }

    function _fund(
        function(address, uint256) external mint,
        function(address, uint256) external returns (bool) approve,
        address odd
    ) private {
        _register(odd);
        mint(ALICE, 1e18);
        VM.prank(ALICE);
        approve(address(rollup), type(uint256).max);
    }

    function _expectEthRevert(uint256 value, uint256 auth, bytes memory expected) private {
        _expect(expected);
        VM.prank(ALICE);
        rollup.depositETH{value: value}(ALICE, auth);
    }

    function _expectTokenRevert(address erc20, uint256 amount, bytes memory expected) private {
        _expect(expected);
        VM.prank(ALICE);
        rollup.depositERC20(erc20, amount, ALICE, AUTH);
    }
}
