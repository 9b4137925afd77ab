// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {WebAuthn} from "@openzeppelin/contracts/utils/cryptography/WebAuthn.sol";
import {IRollup} from "../src/IRollup.sol";
import {PasskeyOwner} from "../src/owners/PasskeyOwner.sol";
import {PasskeyOwners} from "../src/owners/PasskeyOwners.sol";
import {Passkeys} from "./support/Passkeys.sol";
import {Pubdata} from "./support/Pubdata.sol";
import {RollupTest} from "./support/RollupTest.sol";

/// @title An L1 owner that obeys a passkey, and nobody else
contract PasskeyOwnerTest is RollupTest {
    uint256 private constant SECRET = 0x5ec7e7;
    uint256 private constant OTHER_SECRET = 0x07e7;
    uint64 private constant DEADLINE = type(uint64).max;

    PasskeyOwners private owners;
    PasskeyOwner private owner;

    function setUp() public override {
        super.setUp();
        owners = new PasskeyOwners();
        (bytes32 x, bytes32 y) = Passkeys.publicKey(SECRET);
        owner = owners.create(x, y);
    }

    /// The browser's session gets a key, relayed by somebody who has ether.
    function test_theAccountsAuthIsSetByWhoeverBringsTheAssertion() external {
        PasskeyOwner.Call[] memory calls = _setAuth(9, AUTH);
        WebAuthn.WebAuthnAuth memory signed = Passkeys.assertion(SECRET, owner.challenge(calls, DEADLINE));
        VM.prank(ALICE);
        bytes[] memory results = owner.execute(calls, DEADLINE, signed);
        VM.snapshotGasLastCall("PasskeyOwner", "execute, setAuth");
        VM.assertEq(abi.decode(results[0], (uint64)), 0);
        bytes memory record = Pubdata.encode(Pubdata.SetAuth({account: 9, sender: address(owner), auth: AUTH}));
        VM.assertEq(rollup.queuedOperation(0) >> 64, keccak256(record) >> 64);
        VM.assertEq(owner.nonce(), 1);
    }

    function test_severalCallsAreMadeInTheirOrder() external {
        PasskeyOwner.Call[] memory calls = new PasskeyOwner.Call[](2);
        calls[0] = _setAuth(9, AUTH)[0];
        calls[1] = _call(abi.encodeCall(IRollup.forceWithdrawal, (9, 1, 5)));
        bytes[] memory results = _execute(calls);
        VM.assertEq(abi.decode(results[0], (uint64)), 0);
        VM.assertEq(abi.decode(results[1], (uint64)), 1);
        VM.assertEq(rollup.queuedOperations(), 2);
    }

    function test_aWithdrawalIsClaimedToWhomThePasskeyNames() external {
        _depositEth(50, AUTH);
        IRollup.BatchHeader memory header =
            _commit(abi.encodePacked(_depositRecord(0, 50, AUTH), _withdrawRecord(0, 20, address(owner))), "");
        _prove(header);
        IRollup.Withdrawal memory withdrawal = IRollup.Withdrawal({token: 0, amount: 20, to: address(owner)});
        address payee = address(0xbeef);
        bytes memory claim = abi.encodeCall(IRollup.claimWithdrawalTo, (header, 0, withdrawal, new bytes32[](0), payee));
        PasskeyOwner.Call[] memory calls = new PasskeyOwner.Call[](1);
        calls[0] = _call(claim);
        _execute(calls);
        VM.assertEq(payee.balance, 20 gwei);
    }

    function test_whatIsPaidToItLeavesByThePasskeyOnly() external {
        (bytes32 x, bytes32 y) = Passkeys.publicKey(OTHER_SECRET);
        address future = owners.addressOf(x, y);
        VM.deal(future, 3 ether); // before there is any code
        PasskeyOwner other = owners.create(x, y);
        VM.assertEq(address(other), future);
        PasskeyOwner.Call[] memory calls = new PasskeyOwner.Call[](1);
        calls[0] = PasskeyOwner.Call({target: ALICE, value: 1 ether, data: ""});
        uint256 before = ALICE.balance;
        other.execute(calls, DEADLINE, Passkeys.assertion(OTHER_SECRET, other.challenge(calls, DEADLINE)));
        VM.assertEq(ALICE.balance - before, 1 ether);
        VM.assertEq(future.balance, 2 ether);
    }

    function test_anOwnerIsCreatedOnce() external {
        (bytes32 x, bytes32 y) = Passkeys.publicKey(SECRET);
        VM.assertEq(address(owners.create(x, y)), address(owner));
    }

    function test_anAssertionIsGoodOnce() external {
        PasskeyOwner.Call[] memory calls = _setAuth(9, AUTH);
        WebAuthn.WebAuthnAuth memory signed = Passkeys.assertion(SECRET, owner.challenge(calls, DEADLINE));
        owner.execute(calls, DEADLINE, signed);
        _expectRefused(calls, signed);
    }

    function test_anAssertionIsGoodForItsCallsOnly() external {
        PasskeyOwner.Call[] memory calls = _setAuth(9, AUTH);
        WebAuthn.WebAuthnAuth memory signed = Passkeys.assertion(SECRET, owner.challenge(calls, DEADLINE));
        _expectRefused(_setAuth(8, AUTH), signed);
        calls[0].value = 1;
        _expectRefused(calls, signed);
        calls[0].value = 0;
        calls[0].target = address(token);
        _expectRefused(calls, signed);
    }

    function test_anAssertionIsGoodForItsChainAndItsContractOnly() external {
        PasskeyOwner.Call[] memory calls = _setAuth(9, AUTH);
        PasskeyOwner twin = new PasskeyOwner(owner.keyX(), owner.keyY());
        _expectRefused(calls, Passkeys.assertion(SECRET, twin.challenge(calls, DEADLINE)));
        WebAuthn.WebAuthnAuth memory signed = Passkeys.assertion(SECRET, owner.challenge(calls, DEADLINE));
        VM.chainId(block.chainid + 1);
        _expectRefused(calls, signed);
    }

    function test_anAssertionOfAnotherPasskeyIsRefused() external {
        PasskeyOwner.Call[] memory calls = _setAuth(9, AUTH);
        _expectRefused(calls, Passkeys.assertion(OTHER_SECRET, owner.challenge(calls, DEADLINE)));
    }

    function test_anAssertionIsRefusedAfterItsDeadline() external {
        PasskeyOwner.Call[] memory calls = _setAuth(9, AUTH);
        uint64 deadline = uint64(block.timestamp);
        WebAuthn.WebAuthnAuth memory signed = Passkeys.assertion(SECRET, owner.challenge(calls, deadline));
        VM.warp(deadline + 1);
        _expect(abi.encodeWithSelector(PasskeyOwner.DeadlineOver.selector, deadline));
        owner.execute(calls, deadline, signed);
        // Another deadline is another challenge.
        _expectRefused(calls, signed);
        VM.warp(deadline);
        owner.execute(calls, deadline, signed);
    }

    function test_whoHoldsTheDeviceMustHaveBeenVerified() external {
        PasskeyOwner.Call[] memory calls = _setAuth(9, AUTH);
        bytes32 challenge = owner.challenge(calls, DEADLINE);
        _expectRefused(calls, Passkeys.assertion(SECRET, challenge, Passkeys.PRESENT, Passkeys.GET));
    }

    function test_theRegistrationOfAPasskeyIsNoAssertion() external {
        PasskeyOwner.Call[] memory calls = _setAuth(9, AUTH);
        bytes32 challenge = owner.challenge(calls, DEADLINE);
        _expectRefused(calls, Passkeys.assertion(SECRET, challenge, Passkeys.PRESENT_AND_VERIFIED, "webauthn.create"));
    }

    function test_aFailedCallUndoesAllAndSaysWhy() external {
        PasskeyOwner.Call[] memory calls = new PasskeyOwner.Call[](2);
        calls[0] = _setAuth(9, AUTH)[0];
        calls[1] = _call(abi.encodeCall(IRollup.forceWithdrawal, (9, 200, 5)));
        WebAuthn.WebAuthnAuth memory signed = Passkeys.assertion(SECRET, owner.challenge(calls, DEADLINE));
        _expect(abi.encodeWithSelector(IRollup.TokenNumberNotRegistered.selector, 200, 2));
        owner.execute(calls, DEADLINE, signed);
        VM.assertEq(rollup.queuedOperations(), 0);
        VM.assertEq(owner.nonce(), 0);
        calls[1] = PasskeyOwner.Call({target: ALICE, value: 1 ether, data: ""}); // which it does not have
        signed = Passkeys.assertion(SECRET, owner.challenge(calls, DEADLINE));
        _expect(abi.encodeWithSelector(PasskeyOwner.CallFailed.selector, 1));
        owner.execute(calls, DEADLINE, signed);
    }

    function test_nothingToDoIsRefused() external {
        PasskeyOwner.Call[] memory calls = new PasskeyOwner.Call[](0);
        WebAuthn.WebAuthnAuth memory signed = Passkeys.assertion(SECRET, owner.challenge(calls, DEADLINE));
        _expect(abi.encodeWithSelector(PasskeyOwner.NoCalls.selector));
        owner.execute(calls, DEADLINE, signed);
    }

    function test_thePasskeyIsReplacedByItselfOnly() external {
        (bytes32 x, bytes32 y) = Passkeys.publicKey(OTHER_SECRET);
        _expect(abi.encodeWithSelector(PasskeyOwner.CallerNotSelf.selector, address(this)));
        owner.replaceKey(x, y);
        PasskeyOwner.Call[] memory calls = new PasskeyOwner.Call[](1);
        bytes memory replace = abi.encodeCall(PasskeyOwner.replaceKey, (x, y));
        calls[0] = PasskeyOwner.Call({target: address(owner), value: 0, data: replace});
        _execute(calls);
        calls = _setAuth(9, AUTH);
        bytes32 challenge = owner.challenge(calls, DEADLINE);
        _expectRefused(calls, Passkeys.assertion(SECRET, challenge));
        owner.execute(calls, DEADLINE, Passkeys.assertion(OTHER_SECRET, challenge));
        VM.assertEq(rollup.queuedOperations(), 1);
    }

    function test_aPointOffTheCurveIsNoPasskey() external {
        (bytes32 x, bytes32 y) = Passkeys.publicKey(SECRET);
        bytes32 wrong = bytes32(uint256(y) ^ 1);
        _expect(abi.encodeWithSelector(PasskeyOwner.KeyInvalid.selector, x, wrong));
        owners.create(x, wrong);
    }

    function _setAuth(uint32 account, uint256 auth) private view returns (PasskeyOwner.Call[] memory calls) {
        calls = new PasskeyOwner.Call[](1);
        calls[0] = _call(abi.encodeCall(IRollup.setAuth, (account, auth)));
    }

    function _call(bytes memory data) private view returns (PasskeyOwner.Call memory) {
        return PasskeyOwner.Call({target: address(rollup), value: 0, data: data});
    }

    function _execute(PasskeyOwner.Call[] memory calls) private returns (bytes[] memory) {
        return owner.execute(calls, DEADLINE, Passkeys.assertion(SECRET, owner.challenge(calls, DEADLINE)));
    }

    function _expectRefused(PasskeyOwner.Call[] memory calls, WebAuthn.WebAuthnAuth memory signed) private {
        _expect(abi.encodeWithSelector(PasskeyOwner.AssertionInvalid.selector));
        owner.execute(calls, DEADLINE, signed);
    }
}
