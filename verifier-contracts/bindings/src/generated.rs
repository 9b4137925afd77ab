//! What `sol!` makes of the artifacts; regenerate those with `verifier-contracts/script/build`.
#![allow(
    missing_docs,
    clippy::all,
    reason = "macro output; the documentation is the NatSpec of the contracts"
)]

use alloy::sol;

sol!(
    #[sol(rpc, extra_derives(Debug, PartialEq, Eq))]
    Rollup,
    "../artifacts/Rollup.json"
);
sol!(
    #[sol(rpc, extra_derives(Debug, PartialEq, Eq))]
    VerifierRouter,
    "../artifacts/VerifierRouter.json"
);
sol!(
    #[sol(rpc, extra_derives(Debug, PartialEq, Eq))]
    Halo2Verifier,
    "../artifacts/Halo2Verifier.json"
);
sol!(
    #[sol(rpc, extra_derives(Debug, PartialEq, Eq))]
    MintableToken,
    "../artifacts/MintableToken.json"
);
