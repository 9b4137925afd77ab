//! Structured reference strings: insecure development set-ups and Perpetual Powers of Tau.
