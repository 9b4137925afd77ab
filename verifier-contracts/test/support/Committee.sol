// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

import {IPoseidonPath} from "../../src/IPoseidonPath.sol";
import {IRollup} from "../../src/IRollup.sol";
import {IValidium} from "../../src/IValidium.sol";
import {Rollup} from "../../src/Rollup.sol";
import {ValidiumRollup} from "../../src/ValidiumRollup.sol";
import {VerifierRouter} from "../../src/VerifierRouter.sol";
import {EXIT_DEADLINE} from "./PathDouble.sol";
import {Routing} from "./Routing.sol";
import {Test} from "./Test.sol";

/// What stands for a rollup stream, but for the signatures.
struct Attested {
    uint32 words;
    uint128 value;
    uint64 expiry;
}

/// @title A committee of five, and an obvious twin of what its members sign
abstract contract Committee is Test {
    uint256 internal constant MEMBERS = 5;
    uint256 internal constant THRESHOLD = 4;
    uint32 internal constant ALL = 0x1f;

    function _validiumRollup(
        VerifierRouter router,
        uint256 genesisRoot,
        address operator,
        IPoseidonPath path,
        IRollup.TokenListing[] memory tokens
    ) internal returns (Rollup) {
        return _validiumRollup(router, genesisRoot, operator, EXIT_DEADLINE, path, tokens);
    }

    function _validiumRollup(
        VerifierRouter router,
        uint256 genesisRoot,
        address operator,
        uint64 exitDeadline,
        IPoseidonPath path,
        IRollup.TokenListing[] memory tokens
    ) internal returns (Rollup rollup) {
        IValidium.Terms memory terms = IValidium.Terms(exitDeadline, _addresses(MEMBERS));
        rollup = new ValidiumRollup(router, Routing.CIRCUIT_SET, genesisRoot, operator, terms, path, tokens);
        VM.assertEq(rollup.dataMode(), bytes32("validium"));
    }

    /// What a member signs.
    function _digest(Rollup rollup, IRollup.CommitData memory batch, Attested memory attested)
        internal
        view
        returns (bytes32)
    {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("Ashlar"),
                keccak256("1"),
                block.chainid,
                address(rollup)
            )
        );
        bytes memory statement = abi.encode(
            keccak256(
                "Batch(uint64 number,uint256 newRoot,uint256 dataHash,bytes32 bridgeHash,uint32 words,uint128 rollupEval,uint64 expiry)"
            ),
            batch.number,
            batch.newRoot,
            batch.dataHash,
            keccak256(batch.bridge),
            attested.words,
            attested.value,
            attested.expiry
        );
        return keccak256(bytes.concat(hex"1901", domain, keccak256(statement)));
    }

    /// Signed by the members whose bits are set.
    function _attest(Rollup rollup, IRollup.CommitData memory batch, Attested memory attested, uint32 signers)
        internal
        view
        returns (bytes memory attestation)
    {
        bytes32 digest = _digest(rollup, batch, attested);
        attestation = abi.encodePacked(attested.words, attested.value, attested.expiry, signers);
        for (uint256 i = 0; i < MEMBERS; ++i) {
            if ((signers >> i) & 1 == 1) attestation = bytes.concat(attestation, _sign(_keys(MEMBERS)[i], digest));
        }
    }

    /// By all members, for an hour.
    function _attestAll(Rollup rollup, IRollup.CommitData memory batch, uint32 words)
        internal
        view
        returns (bytes memory)
    {
        return _attest(rollup, batch, Attested(words, 77, uint64(block.timestamp) + 1 hours), ALL);
    }

    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = VM.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _addresses(uint256 count) internal pure returns (address[] memory addresses) {
        uint256[] memory keys = _keys(count);
        addresses = new address[](count);
        for (uint256 i = 0; i < count; ++i) {
            addresses[i] = VM.addr(keys[i]);
        }
    }

    /// In the order of their addresses.
    function _keys(uint256 count) internal pure returns (uint256[] memory keys) {
        keys = new uint256[](count);
        for (uint256 i = 0; i < count; ++i) {
            keys[i] = uint256(keccak256(abi.encode("member", i)));
            for (uint256 j = i; j > 0 && VM.addr(keys[j]) < VM.addr(keys[j - 1]); --j) {
                (keys[j], keys[j - 1]) = (keys[j - 1], keys[j]);
            }
        }
    }
}
