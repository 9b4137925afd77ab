//! ashlar-farm
