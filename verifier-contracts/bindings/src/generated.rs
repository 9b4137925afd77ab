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
sol!(
    #[sol(rpc, extra_derives(Debug, PartialEq, Eq))]
    PasskeyOwner,
    "../artifacts/PasskeyOwner.json"
);
sol!(
    #[sol(rpc, extra_derives(Debug, PartialEq, Eq))]
    PasskeyOwners,
    "../artifacts/PasskeyOwners.json"
);
sol!(
    #[sol(rpc, extra_derives(Debug, PartialEq, Eq))]
    OperatorSeat,
    "../artifacts/OperatorSeat.json"
);

/// In modules of their own: they name the rollup's types again.
pub mod blob {
    use super::sol;

    sol!(
        #[sol(rpc, extra_derives(Debug, PartialEq, Eq))]
        BlobRollup,
        "../artifacts/BlobRollup.json"
    );
}

/// The same.
pub mod optimistic {
    use super::sol;

    sol!(
        #[sol(rpc, extra_derives(Debug, PartialEq, Eq))]
        OptimisticRollup,
        "../artifacts/OptimisticRollup.json"
    );
}

/// The same.
pub mod validium {
    use super::sol;

    sol!(
        #[sol(rpc, extra_derives(Debug, PartialEq, Eq))]
        ValidiumRollup,
        "../artifacts/ValidiumRollup.json"
    );
}

/// The same.
pub mod challenges {
    use super::sol;

    sol!(
        #[sol(rpc, extra_derives(Debug, PartialEq, Eq))]
        ChallengeModule,
        "../artifacts/ChallengeModule.json"
    );
}

/// The same.
pub mod fast {
    use super::sol;

    sol!(
        #[sol(rpc, extra_derives(Debug, PartialEq, Eq))]
        FastExit,
        "../artifacts/FastExit.json"
    );
}
