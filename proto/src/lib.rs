//! The gRPC contracts of Ashlar: [`farm`] between the sequencer, the coordinator and the workers, [`committee`] between
//! the sequencer of a validium and those who keep its streams, and [`sequencer`] for users. The rules of each protocol are the comments of the `.proto` files.
//!
//! Those modules are generated; each service turns their messages into its own types at its edge. Beside them
//! stand the few types that every side of the farm shares: [`Digest`], [`JobKind`] and [`pieces`].

mod batch;
mod digest;
mod job_kind;

pub use ashlar_protocol::JobKind;
pub use digest::{Digest, DigestError};
pub use job_kind::{UnknownJobKind, job_kind};
pub use prost::{Message, bytes::Bytes};

/// Largest `data` field of a streamed message, in bytes. See the header of each contract.
pub const MAX_PIECE_BYTES: usize = 1 << 20;

/// Largest encoded message that a service decodes, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 4 << 20;

/// Encoded `FileDescriptorSet` of all contracts, for gRPC reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// A validium's committee.
pub mod committee {
    /// Version 1 of the committee's contract.
    #[allow(missing_docs, unused_qualifications, clippy::all)]
    pub mod v1 {
        tonic::include_proto!("ashlar.committee.v1");
    }
}

/// The proving farm.
pub mod farm {
    /// Version 1 of the farm's contract.
    #[allow(missing_docs, unused_qualifications, clippy::all)]
    pub mod v1 {
        tonic::include_proto!("ashlar.farm.v1");
    }
}

/// The sequencer's public API.
pub mod sequencer {
    /// Version 1 of the sequencer's contract.
    #[allow(missing_docs, unused_qualifications, clippy::all)]
    pub mod v1 {
        tonic::include_proto!("ashlar.sequencer.v1");
    }
}

/// Splits `bytes` into pieces of at most [`MAX_PIECE_BYTES`]; empty input gives one empty piece, so that a
/// stream that ends with its last piece always has one. No copy is made.
pub fn pieces(bytes: Bytes) -> impl Iterator<Item = Bytes> + Send + 'static {
    let count = bytes.len().div_ceil(MAX_PIECE_BYTES).max(1);
    (0..count).map(move |i| {
        let start = i * MAX_PIECE_BYTES;
        bytes.slice(start..bytes.len().min(start + MAX_PIECE_BYTES))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_rebuild_the_input() {
        for len in [
            0,
            1,
            MAX_PIECE_BYTES - 1,
            MAX_PIECE_BYTES,
            MAX_PIECE_BYTES + 1,
            3 * MAX_PIECE_BYTES + 7,
        ] {
            let bytes: Bytes = (0..len).map(|i| (i % 251) as u8).collect::<Vec<_>>().into();
            let parts: Vec<Bytes> = pieces(bytes.clone()).collect();
            assert_eq!(parts.len(), len.div_ceil(MAX_PIECE_BYTES).max(1));
            assert!(parts.iter().all(|part| part.len() <= MAX_PIECE_BYTES));
            assert_eq!(parts.concat(), bytes);
        }
    }

    #[test]
    fn descriptors_name_both_packages() {
        let text = String::from_utf8_lossy(FILE_DESCRIPTOR_SET);
        assert!(text.contains("ashlar.farm.v1") && text.contains("ashlar.sequencer.v1"));
    }
}
