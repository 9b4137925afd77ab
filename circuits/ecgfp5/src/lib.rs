//! ashlar-ecgfp5
