// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title What a validium has besides `IRollup`: a committee that keeps the rollup streams
/// @notice A committee's *attestation* stands for a rollup stream in `CommitData.rollup`; without a rollup stream that is
/// empty, and the batch is bound as in calldata. Big-endian, of k signatures:
///
/// | bytes          | what                                                                           |
/// |----------------|--------------------------------------------------------------------------------|
/// | 0 to 4         | words of the stream, not zero and below 2^31                                   |
/// | 4 to 20        | value of the stream's polynomial at z, `a0 + a1·2^64`, both below p             |
/// | 20 to 28       | until when it can be committed, in seconds since the Unix epoch                |
/// | 28 to 32       | who signed: bit i for member i                                                 |
/// | 32 to 32 + 65k | signatures `r (32) ‖ s (32) ‖ v (1)` over secp256k1, in the order of the members |
///
/// What is signed is typed data (EIP-712) of the domain `name: "Ashlar", version: "1"`, the chain and the rollup:
/// `Batch(uint64 number,uint256 newRoot,uint256 dataHash,bytes32 bridgeHash,uint32 words,uint128 rollupEval,uint64 expiry)`,
/// where `bridgeHash` is Keccak-256 of the bridge stream.
interface IValidium {
    /// What a deployment fixes for ever.
    struct Terms {
        /// Seconds that an operation may wait unproven, as any rollup's exit deadline.
        uint64 exitDeadline;
        /// 4 to 32 addresses, ascending.
        address[] committee;
    }

    /// The committee has fewer members than `least` or more than `most`.
    error CommitteeSizeOutOfRange(uint256 size, uint256 least, uint256 most);
    /// The member is zero, or not above the one before: nobody has two votes.
    error CommitteeNotAscending(address member);

    /// `CommitData.rollup` is neither empty nor an attestation with as many signatures as its bits say.
    error AttestationLengthInvalid(uint256 length, uint256 expected);
    /// A stream that the committee keeps has a word, and fewer than `limit`.
    error AttestedWordsOutOfRange(uint256 words, uint256 limit);
    /// The stream's value has a coordinate that is not below the field's order.
    error AttestedValueNotCanonical(uint128 value);
    /// The members signed for a commit until `expiry`, in seconds since the Unix epoch: let them sign anew.
    error AttestationExpired(uint64 expiry);
    /// A bit of `signers` is of no member.
    error SignerUnknown(uint256 signers, uint256 committeeSize);
    /// Fewer members signed than are needed.
    error SignersTooFew(uint256 signers, uint256 threshold);
    /// The signature's s is above half of the group's order: its negative is the one that is taken.
    error SignatureMalleable(uint256 index);
    /// Not the signature of member `index` over this batch, with this value and expiry; `signer` is whose it would be, or zero.
    error SignatureInvalid(uint256 index, address signer);

    /// @notice How many members the committee has.
    function COMMITTEE_SIZE() external view returns (uint256);
    /// @notice How many of them must sign: two thirds, rounded up.
    function THRESHOLD() external view returns (uint256);
    /// @notice A member of the committee; zero from its size on.
    function member(uint256 index) external view returns (address);
}
