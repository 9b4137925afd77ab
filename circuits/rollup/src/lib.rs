//! ashlar-rollup
