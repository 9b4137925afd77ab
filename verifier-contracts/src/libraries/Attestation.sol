// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IRollup} from "../IRollup.sol";
import {IValidium} from "../IValidium.sol";
import {Goldilocks} from "./Goldilocks.sol";
import {PubdataBinding, PublicData} from "./PubdataBinding.sol";
import {PubdataPolynomial} from "./PubdataPolynomial.sol";

/// @title A committee's word for a rollup stream that is not on L1
/// @dev `IValidium` has the encoding. All but the signatures is one word, the *head*:
/// `words (4) ‖ value (16) ‖ expiry (8) ‖ signers (4)`.
library Attestation {
    uint256 private constant HEAD_BYTES = 32;
    uint256 private constant SIGNATURE_BYTES = 65;
    /// As of every stream: the counts of both share a public input.
    uint256 private constant WORD_LIMIT = 1 << 31;
    /// Half of the order of secp256k1, rounded down.
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    bytes32 private constant DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant BATCH_TYPE = keccak256(
        "Batch(uint64 number,uint256 newRoot,uint256 dataHash,bytes32 bridgeHash,uint32 words,uint128 rollupEval,uint64 expiry)"
    );

    /// @return The EIP-712 domain of this contract.
    function separator() internal view returns (bytes32) {
        return keccak256(abi.encode(DOMAIN_TYPE, keccak256("Ashlar"), keccak256("1"), block.chainid, address(this)));
    }

    /// The bridge stream as L1 evaluates it, and of the rollup stream what the attestation says.
    function bind(uint256 chainId, uint64 number, uint256 dataHash, bytes calldata bridge, bytes calldata attestation)
        internal
        view
        returns (PublicData memory data)
    {
        if (attestation.length < HEAD_BYTES) {
            revert IValidium.AttestationLengthInvalid(attestation.length, HEAD_BYTES);
        }
        uint256 head = uint256(bytes32(attestation));
        uint32 words = uint32(head >> 224);
        if (words == 0 || words >= WORD_LIMIT) revert IValidium.AttestedWordsOutOfRange(words, WORD_LIMIT);
        uint128 value = uint128(head >> 96);
        if (!Goldilocks.isCanonicalHash(value)) revert IValidium.AttestedValueNotCanonical(value);
        data.bridgeWords = PubdataPolynomial.wordCount(bridge);
        data.rollupWords = words;
        uint256 z = PubdataBinding.pointWithoutData(chainId, number, dataHash, bridge, words);
        (data.z, data.bridgeEval) = (uint128(z), uint128(PubdataPolynomial.evaluate(bridge, z)));
        data.rollupEval = value;
    }

    /// What the members sign, and a bit for each who does.
    /// @param header As it is with what `bind` found.
    function read(IRollup.BatchHeader memory header, IRollup.CommitData calldata batch, bytes32 domainSeparator)
        internal
        view
        returns (bytes32 digest, uint256 signers)
    {
        uint256 head = uint256(bytes32(batch.rollup));
        uint64 expiry = uint64(head >> 32);
        if (block.timestamp > expiry) revert IValidium.AttestationExpired(expiry);
        signers = uint32(head);
        bytes32 statement = keccak256(
            abi.encode(
                BATCH_TYPE,
                header.number,
                header.newRoot,
                header.dataHash,
                keccak256(batch.bridge),
                header.rollupWords,
                header.rollupEval,
                expiry
            )
        );
        digest = keccak256(abi.encodePacked(hex"1901", domainSeparator, statement));
    }

    function requireLength(bytes calldata attestation, uint256 signatures) internal pure {
        uint256 expected = HEAD_BYTES + SIGNATURE_BYTES * signatures;
        if (attestation.length != expected) revert IValidium.AttestationLengthInvalid(attestation.length, expected);
    }

    /// @param place Of the signature among those of the attestation, which must have it.
    /// @param index Of the member.
    function requireSignature(bytes calldata attestation, uint256 place, bytes32 digest, uint256 index, address member)
        internal
        pure
    {
        (bytes32 r, uint256 s, uint256 v) = (0, 0, 0);
        assembly ("memory-safe") {
            let signature := add(add(attestation.offset, HEAD_BYTES), mul(place, SIGNATURE_BYTES))
            r := calldataload(signature)
            s := calldataload(add(signature, 32))
            v := byte(0, calldataload(add(signature, 64)))
        }
        // Else everybody could write a second attestation from one.
        if (s > HALF_ORDER) revert IValidium.SignatureMalleable(index);
        address signer = ecrecover(digest, uint8(v), r, bytes32(s));
        // A member is never zero, which is whose a signature of nobody is.
        if (signer != member) revert IValidium.SignatureInvalid(index, signer);
    }
}
