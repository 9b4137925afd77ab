/**
 * Use the rollup from a browser or from Node: {@link Core} computes (the rollup's own Rust code, in WebAssembly),
 * {@link Client} asks the sequencer's gateway, {@link EthereumWallet} and {@link L1} ask the user's wallet.
 *
 * @packageDocumentation
 */

export type { Claim } from "./abi.js";
export { type Hex, fromHex, toHex } from "./bytes.js";
export { type AccountKey, Client, type Inclusion, type OwnerKey, type Payee } from "./client.js";
export {
    Core,
    type Domain,
    type InclusionClaim,
    type ParsedAmount,
    type RollupKey,
    type SignedTransaction,
    type Transfer,
    type Withdrawal,
} from "./core.js";
export * from "./errors.js";
export type { Options } from "./http.js";
export { ETH, L1, NO_AUTH, type Token, parseAmount } from "./l1.js";
export { type Eip1193Provider, EthereumWallet } from "./provider.js";
export { type Payment, type Payout, Sender } from "./sender.js";
export type {
    Account,
    History,
    Info,
    Milestone,
    Operation,
    Receipt,
    Status,
    WithdrawalPlace,
    WithdrawalProof,
} from "./types.js";
