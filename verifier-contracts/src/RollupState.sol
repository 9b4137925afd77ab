// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IOptimistic} from "./IOptimistic.sol";
import {IRollup} from "./IRollup.sol";
import {ExitStream} from "./libraries/ExitStream.sol";
import {Goldilocks} from "./libraries/Goldilocks.sol";

/// @title Everything that the rollup remembers, and what of it forbids calls
/// @notice All storage is declared here and nowhere else: `Rollup` and the module that it delegates to have the same
/// layout by this base alone, and `script/build` refuses any other.
abstract contract RollupState {
    /// A registered token and what the contract owes of it, in one slot.
    struct TokenState {
        address token;
        /// In units; deposits keep it below 2^62.
        uint64 outstanding;
        /// A unit is ten to this power of base units.
        uint8 unitExponent;
    }

    // One slot: each operation and each batch writes it.
    uint48 internal _queuedOperations;
    uint48 internal _committedOperations;
    uint40 internal _committedBatches;
    uint40 internal _provenBatches;
    uint32 internal _committedTime;
    /// Of the last operation that was queued, in tenths of a second.
    uint40 internal _lastExpiry;
    bool internal _exitMode;

    uint256 internal _stateRoot;
    uint256 internal _committedRoot;
    mapping(uint64 number => bytes32 hash) internal _headerHash;
    mapping(uint64 batch => mapping(uint256 word => uint256 bits)) internal _claimed;
    mapping(uint64 index => bytes32 entry) internal _queue;
    mapping(uint64 index => address sender) internal _depositorOf;
    ExitStream.Exited internal _exited;

    uint16 internal _tokenCount;
    mapping(uint8 id => TokenState token) internal _tokens;
    /// Zero for a token that is not registered: number 0 is ETH, which has no address.
    mapping(address token => uint8 id) internal _tokenIds;

    bytes32 internal _circuitSet;
    bytes32 internal _announcedCircuitSet;
    uint64 internal _adoptableFrom;

    // Of an optimistic rollup; nothing in any other.
    mapping(uint64 number => IOptimistic.Pending) internal _pending;
    /// Whether the operator's bond is here.
    bool internal _bonded;
    /// Of all challenges so far, in seconds since the Unix epoch.
    uint40 internal _lastAnswerBy;
    /// Wei of bonds that an account can collect.
    mapping(address account => uint256 amount) internal _due;

    // Of a validium.
    mapping(uint256 index => address member) internal _committee;

    bool private transient _entered;

    modifier nonReentrant() {
        if (_entered) revert IRollup.ReentrantCall();
        _entered = true;
        _;
        _entered = false;
    }

    modifier beforeExitMode() {
        _requireBeforeExitMode();
        _;
    }

    modifier inExitMode() {
        if (!_exitMode) revert IRollup.NotInExitMode();
        _;
    }

    function _requireBeforeExitMode() internal view {
        if (_exitMode) revert IRollup.RefusedInExitMode();
    }

    /// The base units in a unit; an exponent is below 78.
    function _unit(uint8 exponent) internal pure returns (uint256) {
        unchecked {
            return 10 ** uint256(exponent);
        }
    }

    function _requireCanonical(uint256 hash) internal pure {
        if (!Goldilocks.isCanonicalHash(hash)) revert IRollup.HashNotCanonical(hash);
    }
}
