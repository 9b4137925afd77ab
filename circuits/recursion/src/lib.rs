//! ashlar-recursion
