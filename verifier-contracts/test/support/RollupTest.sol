// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {Rollup} from "../../src/Rollup.sol";
import {IRollup} from "../../src/IRollup.sol";
import {MintableToken} from "../../src/demo/MintableToken.sol";
import {VerifierRouter} from "../../src/VerifierRouter.sol";
import {Listings} from "./Listings.sol";
import {EXIT_DEADLINE, PathDouble} from "./PathDouble.sol";
import {Pubdata} from "./Pubdata.sol";
import {Routing} from "./Routing.sol";
import {Test} from "./Test.sol";
import {VerifierDouble} from "./VerifierDouble.sol";

/// @title A rollup with ETH and an 18-decimal token, and shorthands to fill it
abstract contract RollupTest is Test {
    address internal constant OPERATOR = address(0x09e7);
    address internal constant ALICE = address(0xa11ce);
    uint256 internal constant GENESIS_ROOT = 0x4_0000000000000003_0000000000000002_0000000000000001;
    uint256 internal constant AUTH = 0xfedcba9876543210_8877665544332211_ffeeddccbbaa9988_0123456789abcdef;
    uint256 internal constant TOKEN_UNIT = 1e9;
    /// The minute in which tests start.
    uint32 internal constant NOW = 30_000_000;
    bytes internal constant PROOF = "a proof that the double was told to accept";

    VerifierDouble internal verifier;
    VerifierRouter internal router;
    MintableToken internal token;
    PathDouble internal path;
    Rollup internal rollup;
    /// ETH that the rollup holds for others than users, in wei.
    uint256 internal bonds;

    function setUp() public virtual {
        VM.warp(uint256(NOW) * 1 minutes);
        verifier = new VerifierDouble();
        token = new MintableToken("Token", "TKN", 18);
        router = Routing.single(verifier);
        path = new PathDouble();
        rollup = _newRollup(Listings.one(address(token)));
        VM.deal(ALICE, 1e30);
        token.mint(ALICE, 1e36);
        VM.prank(ALICE);
        token.approve(address(rollup), type(uint256).max);
    }

    /// Of the data mode under test.
    function _newRollup(IRollup.TokenListing[] memory tokens) internal virtual returns (Rollup) {
        return new Rollup(router, Routing.CIRCUIT_SET, GENESIS_ROOT, OPERATOR, EXIT_DEADLINE, path, tokens);
    }

    /// What a commit hands over for a rollup stream in this data mode.
    function _published(bytes memory transfers) internal virtual returns (bytes memory) {
        return transfers;
    }

    /// Keeps the gas of the last call. A data mode whose suites run otherwise than as transactions keeps none, nor does a
    /// rollup that has bonds to look after.
    function _snapshotGas(string memory name) internal virtual {
        if (bonds == 0) VM.snapshotGasLastCall("Rollup", name);
    }

    function _snapshotValue(string memory name, uint256 value) internal {
        if (bonds == 0) VM.snapshotValue("Rollup", name, value);
    }

    function _depositEth(uint256 units, uint256 auth) internal returns (uint64) {
        VM.prank(ALICE);
        return rollup.depositETH{value: units * 1 gwei}(ALICE, auth);
    }

    function _depositToken(uint256 units, uint256 auth) internal returns (uint64) {
        VM.prank(ALICE);
        return rollup.depositERC20(address(token), units * TOKEN_UNIT, ALICE, auth);
    }

    /// Commit data for the next batch with these streams.
    function _batch(bytes memory bridge, bytes memory transfers) internal virtual returns (IRollup.CommitData memory) {
        uint64 number = rollup.committedBatches() + 1;
        return IRollup.CommitData({
            number: number,
            time: uint32(block.timestamp / 1 minutes),
            newRoot: Pubdata.canonicalHash(uint256(keccak256(abi.encode("root", number)))),
            dataHash: Pubdata.canonicalHash(uint256(keccak256(abi.encode("data", number)))),
            feeAccount: 7,
            bridge: bridge,
            rollup: _published(transfers)
        });
    }

    function _commit(bytes memory bridge, bytes memory transfers) internal returns (IRollup.BatchHeader memory) {
        IRollup.CommitData memory batch = _batch(bridge, transfers);
        VM.prank(OPERATOR);
        return rollup.commitBatch(batch);
    }

    /// Makes the next batch final, in whichever way a suite is about.
    function _prove(IRollup.BatchHeader memory header) internal virtual {
        verifier.accept(PROOF, rollup.instances(header));
        rollup.proveBatch(header, PROOF);
    }

    function _withdrawRecord(uint8 id, uint64 amount, address to) internal pure returns (bytes memory) {
        return Pubdata.encode(Pubdata.Withdraw({account: 3, token: id, fee: 9, amount: uint56(amount), to: to}));
    }

    /// Of a deposit that ALICE made for herself.
    function _depositRecord(uint8 id, uint64 amount, uint256 auth) internal pure returns (bytes memory) {
        return Pubdata.encode(
            Pubdata.Deposit({account: 0xa1b2c3d4, token: id, amount: uint56(amount), owner: ALICE, auth: auth})
        );
    }

    /// What the queue keeps of a record that arrives now, the first of this second, or behind so many others.
    function _entry(bytes memory record, uint256 behind) internal view returns (bytes32) {
        return ((keccak256(record) >> 40) << 40) | bytes32(_expiry() + behind);
    }

    function _entry(bytes memory record) internal view returns (bytes32) {
        return _entry(record, 0);
    }

    /// When an operation expires that arrives now, in tenths of a second.
    function _expiry() internal view returns (uint64) {
        return uint64(block.timestamp + EXIT_DEADLINE) * 10;
    }

    /// By anybody.
    function _enter(IRollup.BatchHeader memory firstUnproven) internal {
        VM.prank(address(0x5040d));
        rollup.enterExitMode(firstUnproven);
    }

    /// For `_enter`, when all batches are proven.
    function _noHeader() internal pure returns (IRollup.BatchHeader memory header) {}

    function _expectCommitRevert(bytes memory bridge, bytes memory expected) internal {
        IRollup.CommitData memory batch = _batch(bridge, "");
        _expect(expected);
        VM.prank(OPERATOR);
        rollup.commitBatch(batch);
    }

    function _expect(bytes memory revertData) internal {
        VM.expectRevert(revertData);
    }
}
