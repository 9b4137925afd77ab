//! ashlar-worker
