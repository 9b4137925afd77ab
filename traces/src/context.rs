//! Which span of which trace (W3C Trace Context).

use std::hash::{BuildHasher, Hasher, RandomState};

/// Name of the header or metadata entry that holds a [`Context`].
pub const TRACEPARENT: &str = "traceparent";

/// A span, to be the parent of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    trace: [u8; 16],
    span: [u8; 8],
}

impl Context {
    /// The root of the trace of what has this digest: two parts of the digest are its names. Zeros would be no name; a
    /// digest that begins so is not found.
    pub fn root(digest: &[u8; 32]) -> Self {
        let (trace, rest) = digest.split_first_chunk().expect("32 bytes begin with 16");
        let span = rest.first_chunk().expect("16 bytes begin with 8");
        Self {
            trace: *trace,
            span: *span,
        }
    }

    /// The child of this number, the same for everybody who counts alike. Zero is no number.
    pub fn child(&self, number: u64) -> Self {
        let span = (u64::from_be_bytes(self.span) ^ number).to_be_bytes();
        Self { span, ..*self }
    }

    /// A child that nobody else has to find.
    pub(crate) fn any_child(&self) -> Self {
        let random = RandomState::new().build_hasher().finish(); // randomly keyed
        self.child(random.max(1))
    }

    /// The trace.
    pub const fn trace(&self) -> [u8; 16] {
        self.trace
    }

    /// The span.
    pub const fn span(&self) -> [u8; 8] {
        self.span
    }

    /// As the header says it.
    pub fn traceparent(&self) -> String {
        format!("00-{}-{}-01", hex::encode(self.trace), hex::encode(self.span))
    }

    /// Reads the header. Nothing is lost with one that is not understood but the connection of two spans.
    pub fn parse(text: &str) -> Option<Self> {
        if !text.is_ascii() || text.len() != 55 || text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        let mut parts = text.split('-');
        let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        if version != "00" || parts.next().is_some() || hex::decode(flags).ok()?.len() != 1 {
            return None;
        }
        let mut context = Self {
            trace: [0; 16],
            span: [0; 8],
        };
        hex::decode_to_slice(trace, &mut context.trace).ok()?;
        hex::decode_to_slice(span, &mut context.span).ok()?;
        (context.trace != [0; 16] && context.span != [0; 8]).then_some(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_computes_the_same_from_a_digest_and_reads_what_another_wrote() {
        let digest = std::array::from_fn(|place| place as u8 + 1);
        let root = Context::root(&digest);
        assert_eq!(
            root.traceparent(),
            "00-0102030405060708090a0b0c0d0e0f10-1112131415161718-01"
        );
        let child = root.child(7);
        assert_eq!((child.trace(), child.child(7)), (root.trace(), root));
        assert_ne!(root.any_child(), root.any_child());
        for context in [root, child] {
            assert_eq!(Context::parse(&context.traceparent()), Some(context));
        }
    }

    #[test]
    fn what_is_no_traceparent_is_none() {
        for text in [
            "",
            "00-0102030405060708090a0b0c0d0e0f10-1112131415161718",
            "01-0102030405060708090a0b0c0d0e0f10-1112131415161718-01",
            "00-00000000000000000000000000000000-1112131415161718-01",
            "00-0102030405060708090a0b0c0d0e0f10-0000000000000000-01",
            "00-0102030405060708090A0b0c0d0e0f10-1112131415161718-01",
            "00-0102030405060708090a0b0c0d0e0f1-01112131415161718-01",
            "00-0102030405060708090a0b0c0d0e0f10-1112131415161718-0g",
            "00-01020304050607é8090a0b0c0d0e0f1-1112131415161718-01",
        ] {
            assert_eq!(Context::parse(text), None, "{text}");
        }
    }
}
