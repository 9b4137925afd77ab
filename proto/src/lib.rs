//! ashlar-proto
