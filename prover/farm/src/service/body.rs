use ashlar_proto::Bytes;

use crate::error::FarmError;

/// Puts a streamed body together, up to a limit.
#[derive(Debug)]
pub struct Body {
    what: &'static str,
    limit_bytes: u64,
    bytes: Vec<u8>,
}

impl Body {
    /// An empty body; `what` names it in errors.
    pub const fn new(what: &'static str, limit_bytes: u64) -> Self {
        Self {
            what,
            limit_bytes,
            bytes: Vec::new(),
        }
    }

    /// Appends a piece.
    ///
    /// # Errors
    /// [`FarmError::TooLarge`] before more than the limit is held.
    pub fn push(&mut self, piece: &[u8]) -> Result<(), FarmError> {
        if (self.bytes.len() + piece.len()) as u64 > self.limit_bytes {
            return Err(FarmError::TooLarge {
                what: self.what,
                limit_bytes: self.limit_bytes,
            });
        }
        self.bytes.extend_from_slice(piece);
        Ok(())
    }

    /// Takes the whole, leaving an empty body.
    pub fn take(&mut self) -> Bytes {
        std::mem::take(&mut self.bytes).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stops_at_the_limit() {
        let mut body = Body::new("proof", 4);
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
