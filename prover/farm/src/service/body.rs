use ashlar_proto::Bytes;

use crate::{budget::Held, error::FarmError};

/// Puts a streamed body together, up to a limit.
#[derive(Debug)]
pub struct Body {
    what: &'static str,
    limit_bytes: u64,
    bytes: Vec<u8>,
    held: Held,
}

impl Body {
    /// An empty body; `what` names it in errors, and `held` counts its memory.
    pub const fn new(what: &'static str, limit_bytes: u64, held: Held) -> Self {
        Self {
            what,
            limit_bytes,
            bytes: Vec::new(),
            held,
        }
    }

    /// Appends a piece.
    ///
    /// # Errors
    /// [`FarmError::TooLarge`] before more than the limit is held, [`FarmError::Busy`] if there is no memory for it now.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), FarmError> {
        if (self.bytes.len() + piece.len()) as u64 > self.limit_bytes {
            return Err(FarmError::TooLarge {
                what: self.what,
                limit_bytes: self.limit_bytes,
            });
        }
        self.held.grow(piece.len() as u64)?;
        self.bytes.extend_from_slice(piece);
        Ok(())
    }

    /// Takes the whole, leaving an empty body. Its memory is counted until [`Self::put_away`].
    pub fn take(&mut self) -> Bytes {
        std::mem::take(&mut self.bytes).into()
    }

    /// The whole, with what counts its memory until it is dropped.
    pub fn finish(self) -> (Bytes, Held) {
        (self.bytes.into(), self.held)
    }

    /// What was taken is stored by now.
    pub fn put_away(&mut self) {
        self.held.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::{Allowance, Budget};

    #[test]
    fn stops_at_the_limit() {
        let held = Budget::new(Allowance::default()).body("w".into());
        let mut body = Body::new("proof", 4, held);
        body.push(b"abc").expect("within");
        assert!(matches!(
            body.push(b"de"),
            Err(FarmError::TooLarge {
                what: "proof",
                limit_bytes: 4
            })
        ));
        body.push(b"d").expect("exactly the limit");
        assert_eq!(body.take(), b"abcd".as_slice());
        assert_eq!(body.take(), b"".as_slice());
    }
}
