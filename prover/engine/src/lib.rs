//! ashlar-engine
