//! ashlar-sequencer
