// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPoseidonPath} from "./IPoseidonPath.sol";
import {IRollup} from "./IRollup.sol";
import {IValidium} from "./IValidium.sol";
import {IVerifierRouter} from "./IVerifierRouter.sol";
import {Rollup} from "./Rollup.sol";
import {Attestation} from "./libraries/Attestation.sol";
import {PublicData} from "./libraries/PubdataBinding.sol";

/// @title Ashlar rollup whose rollup streams a committee keeps
/// @notice **If all who signed a batch, two thirds of the committee or more, withhold its rollup stream, balances can be
/// frozen: nobody else knows the state any more, and exit mode pays only who has the path of his balance to the last
/// root.** Nothing can be stolen, whoever lies: that is proven as in every other data mode.
///
/// The bridge stream is in calldata: deposits, orders and withdrawals are everybody's to see, and L1 parses and evaluates
/// them as ever. A batch without a rollup stream is what it is in `Rollup`; so are exits. Any other is committed with the
/// signatures of two thirds of the committee, whose members sign when they have the stream, have executed the batch and
/// have found its new root and its data hash.
///
/// **What the signatures are for.** The value of the rollup stream at z is not computed on L1 but taken from the operator.
/// It is a public input of the proof, which says that a stream has this value there whose Poseidon hash, with the bridge
/// stream's words, is the batch's data hash; so any other value has no proof, and a stream with this hash is the one that
/// the members signed for, unless Poseidon has a collision. The signatures say where that stream is, and nothing else.
///
/// **What the whole committee cannot do.** Say that all members and the operator sign a batch with an invented withdrawal.
/// Either it stands in the bridge stream of the commit and not in what the circuit executed: then the proof's stream and
/// L1's differ, z was drawn from the data hash of the one and from the other itself (see `PubdataBinding`), and their
/// values there differ. Or the circuit executed it, which it does for nobody without a signature or an order of whose
/// balance it is. Neither is proven, and no withdrawal of an unproven batch is paid.
///
/// **What a third of it cannot do.** With n = 3f + 1 members, f of them liars, at least f + 1 honest ones have each stream
/// that is committed, and f who are silent stop no commit. More than a third who sign nothing do stop it; then exit
/// mode opens, in a state that is known.
contract ValidiumRollup is IValidium, Rollup {
    uint256 private constant LEAST_MEMBERS = 4;
    /// A bit for each in the attestation.
    uint256 private constant MOST_MEMBERS = 32;

    /// @inheritdoc IValidium
    uint256 public immutable COMMITTEE_SIZE;
    /// @inheritdoc IValidium
    uint256 public immutable THRESHOLD;
    bytes32 private immutable SEPARATOR;

    /// @param terms What else is fixed for ever, the exit deadline among it. The other parameters are `Rollup`'s.
    constructor(
        IVerifierRouter router,
        bytes32 firstCircuitSet,
        uint256 genesisRoot,
        address operator,
        Terms memory terms,
        IPoseidonPath path,
        TokenListing[] memory tokens
    ) Rollup(router, firstCircuitSet, genesisRoot, operator, terms.exitDeadline, path, tokens) {
        uint256 size = terms.committee.length;
        if (size < LEAST_MEMBERS || size > MOST_MEMBERS) {
            revert CommitteeSizeOutOfRange(size, LEAST_MEMBERS, MOST_MEMBERS);
        }
        address previous = address(0);
        for (uint256 i = 0; i < size; ++i) {
            if (terms.committee[i] <= previous) revert CommitteeNotAscending(terms.committee[i]);
            previous = terms.committee[i];
            _committee[i] = previous;
        }
        COMMITTEE_SIZE = size;
        THRESHOLD = (2 * size + 2) / 3;
        SEPARATOR = Attestation.separator();
    }

    /// @inheritdoc IValidium
    function member(uint256 index) external view returns (address) {
        return _committee[index];
    }

    /// @inheritdoc IRollup
    function dataMode() external pure override returns (bytes32) {
        return "validium";
    }

    function _committed(BatchHeader memory header, CommitData calldata batch) internal view override {
        if (batch.rollup.length > 0) _requireCommittee(header, batch);
    }

    function _bind(uint64 number, uint256 dataHash, bytes calldata bridge, bytes calldata rollup)
        internal
        view
        override
        returns (PublicData memory)
    {
        if (rollup.length == 0) return super._bind(number, dataHash, bridge, rollup);
        return Attestation.bind(CHAIN_ID, number, dataHash, bridge, rollup);
    }

    function _requireCommittee(BatchHeader memory header, CommitData calldata batch) private view {
        (bytes32 digest, uint256 signers) = Attestation.read(header, batch, SEPARATOR);
        if (signers >> COMMITTEE_SIZE != 0) revert SignerUnknown(signers, COMMITTEE_SIZE);
        uint256 count = 0;
        for (uint256 bits = signers; bits > 0; bits >>= 1) {
            count += bits & 1;
        }
        if (count < THRESHOLD) revert SignersTooFew(count, THRESHOLD);
        Attestation.requireLength(batch.rollup, count);
        uint256 place = 0;
        for (uint256 i = 0; i < COMMITTEE_SIZE; ++i) {
            if ((signers >> i) & 1 == 0) continue;
            Attestation.requireSignature(batch.rollup, place++, digest, i, _committee[i]);
        }
    }
}
