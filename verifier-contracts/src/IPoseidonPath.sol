// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity ^0.8.30;

/// @title State root above one balance of one account
/// @notice Implemented by the generated contract `PoseidonPath`. Stateless. Needs no proof system: it hashes as the circuits
/// do, so what leads to a rollup's `stateRoot` is part of that state.
interface IPoseidonPath {
    /// The account tree has fewer places.
    error AccountOutOfRange(uint32 account, uint256 limit);
    /// One of the words that are hashed is not four elements below p, each 64 bits, so it would be a second encoding of
    /// another: `auth`, a sibling, `balance`, or owner and `meta` as the account's head has them.
    error HashNotCanonical(uint256 value);

    /// @notice Hashes the balance, then the account, then up to the root: 38 Poseidon permutations.
    /// @param account Its place in the account tree, below 2^28.
    /// @param token The balance's place in the account's balance tree.
    /// @param balance In token units; zero for a token that the account never held.
    /// @param auth What signs for the account, as it was deposited with.
    /// @param owner L1 address that owns it.
    /// @param meta Nonce + 2^32 · flags.
    /// @param balanceSiblings From the balance upwards.
    /// @param accountSiblings From the account upwards.
    /// @return The root, in the form of a rollup's `stateRoot`: `e0 + e1·2^64 + e2·2^128 + e3·2^192`.
    function root(
        uint32 account,
        uint8 token,
        uint64 balance,
        uint256 auth,
        address owner,
        uint64 meta,
        bytes32[8] calldata balanceSiblings,
        bytes32[28] calldata accountSiblings
    ) external view returns (uint256);
}
