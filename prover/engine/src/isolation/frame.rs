//! Frames between a worker and its child: version byte, payload length (32 bits, big-endian), payload. The length is
//! checked before anything is allocated for it.

use std::io::{self, Read};

use ashlar_recursion::MAX_PROOF_BYTES;
use tokio::io::{AsyncRead, AsyncReadExt};

/// First byte of every frame.
const VERSION: u8 = 1;
/// Bytes before the payload.
pub const HEADER_BYTES: usize = 5;
/// Longest payload either way: a compressed proof with its own version byte. SNARKs are far shorter.
pub const MAX_PAYLOAD_BYTES: usize = MAX_PROOF_BYTES + 1;

/// Why bytes are no frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The first byte is wrong: noise, or another version of this program.
    #[error("frame version {actual}, expected {VERSION}")]
    Version {
        /// The byte found.
        actual: u8,
    },
    /// Longer than anything that is ever sent.
    #[error("payload of {actual} bytes, at most {MAX_PAYLOAD_BYTES} allowed")]
    TooLong {
        /// The length given.
        actual: usize,
    },
    /// The stream ends inside a frame.
    #[error("the stream ends {missing} bytes before the end of a frame")]
    Truncated {
        /// Bytes that are missing, as far as the frame's length is known.
        missing: usize,
    },
    /// The stream cannot be read or written.
    #[error("stream")]
    Io(#[from] io::Error),
}

/// A frame around `payload`.
pub fn encode_frame(payload: &[u8]) -> Result<Vec<u8>, FrameError> {
    let too_long = FrameError::TooLong {
        actual: payload.len(),
    };
    let length = u32::try_from(payload.len()).ok();
    let Some(length) = length.filter(|_| payload.len() <= MAX_PAYLOAD_BYTES) else {
        return Err(too_long);
    };
    Ok([&[VERSION], length.to_be_bytes().as_slice(), payload].concat())
}

/// Length of the payload after this header.
fn payload_length(header: [u8; HEADER_BYTES]) -> Result<usize, FrameError> {
    let [version, length @ ..] = header;
    if version != VERSION {
        return Err(FrameError::Version { actual: version });
    }
    match usize::try_from(u32::from_be_bytes(length)) {
        Ok(length) if length <= MAX_PAYLOAD_BYTES => Ok(length),
        length => Err(FrameError::TooLong {
            actual: length.unwrap_or(usize::MAX),
        }),
    }
}

/// Reads the payload of one frame; none where the stream ends between two frames.
pub fn read_frame(input: &mut impl Read) -> Result<Option<Vec<u8>>, FrameError> {
    let mut header = [0; HEADER_BYTES];
    let read = fill(input, &mut header)?;
    let Some(length) = header_length(header, read)? else {
        return Ok(None);
    };
    let mut payload = vec![0; length];
    let read = fill(input, &mut payload)?;
    whole(payload, read).map(Some)
}

/// The same from a child's pipe.
pub(super) async fn receive_frame(
    input: &mut (impl AsyncRead + Unpin),
) -> Result<Option<Vec<u8>>, FrameError> {
    let mut header = [0; HEADER_BYTES];
    let read = receive(input, &mut header).await?;
    let Some(length) = header_length(header, read)? else {
        return Ok(None);
    };
    let mut payload = vec![0; length];
    let read = receive(input, &mut payload).await?;
    whole(payload, read).map(Some)
}

/// What `read` bytes of a header say. Noise is recognised by its first byte, however short it is.
fn header_length(header: [u8; HEADER_BYTES], read: usize) -> Result<Option<usize>, FrameError> {
    match read {
        0 => Ok(None),
        HEADER_BYTES => payload_length(header).map(Some),
        _ if header[0] != VERSION => Err(FrameError::Version { actual: header[0] }),
        _ => Err(FrameError::Truncated {
            missing: HEADER_BYTES - read,
        }),
    }
}

fn whole(payload: Vec<u8>, read: usize) -> Result<Vec<u8>, FrameError> {
    match payload.len() - read {
        0 => Ok(payload),
        missing => Err(FrameError::Truncated { missing }),
    }
}

/// Reads until `buffer` is full or the stream ends; gives the number of bytes read.
fn fill(input: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

async fn receive(input: &mut (impl AsyncRead + Unpin), buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match input.read(&mut buffer[filled..]).await? {
            0 => break,
            read => filled += read,
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Both readers, which must agree.
    fn read(mut bytes: &[u8]) -> (Result<Option<Vec<u8>>, String>, usize) {
        let whole = bytes;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("runtime");
        let mut pipe = bytes;
        let received = runtime
            .block_on(receive_frame(&mut pipe))
            .map_err(|error| format!("{error:?}"));
        let read = read_frame(&mut bytes).map_err(|error| format!("{error:?}"));
        assert_eq!((&received, pipe), (&read, bytes));
        (read, whole.len() - bytes.len())
    }

    #[test]
    fn malformed_frames_are_refused_by_name() {
        let refused = |bytes: &[u8]| read_frame(&mut &bytes[..]).expect_err("malformed");
        let good = encode_frame(b"payload").expect("short");
        for length in 1..good.len() {
            let missing = if length < HEADER_BYTES {
                HEADER_BYTES
            } else {
                good.len()
            } - length;
            assert!(matches!(
                refused(&good[..length]),
                FrameError::Truncated { missing: found } if found == missing
            ));
        }
        assert!(matches!(
            refused(b"hello, world"),
            FrameError::Version { actual: b'h' }
        ));
        assert!(matches!(refused(b"h"), FrameError::Version { actual: b'h' }));
        assert!(matches!(
            refused(&[2, 0, 0, 0, 0]),
            FrameError::Version { actual: 2 }
        ));
        // The length alone is enough: no payload is awaited, none is allocated.
        assert!(matches!(
            refused(&[1, 255, 255, 255, 255]),
            FrameError::TooLong { actual: 0xffff_ffff }
        ));
    }

    #[test]
    fn the_longest_payload_passes_and_one_byte_more_does_not() {
        let mut payload = vec![7; MAX_PAYLOAD_BYTES];
        let frame = encode_frame(&payload).expect("at the limit");
        assert_eq!(read(&frame), (Ok(Some(payload.clone())), frame.len()));
        payload.push(7);
        assert!(
            matches!(encode_frame(&payload), Err(FrameError::TooLong { actual }) if actual == payload.len())
        );
        let mut header = frame[..HEADER_BYTES].to_vec();
        header[4] += 1;
        assert!(matches!(
            read_frame(&mut &header[..]),
            Err(FrameError::TooLong { .. })
        ));
    }

    proptest! {
        #[test]
        fn frames_round_trip_one_after_the_other(payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..300), 0..5)) {
            let stream: Vec<u8> = payloads.iter().flat_map(|payload| encode_frame(payload).expect("short")).collect();
            let mut rest = &stream[..];
            for payload in payloads {
                prop_assert_eq!(read_frame(&mut rest).expect("own encoding"), Some(payload));
            }
            prop_assert!(matches!(read_frame(&mut rest), Ok(None)));
        }

        #[test]
        fn noise_never_panics_and_what_is_read_was_encoded(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let (outcome, used) = read(&bytes);
            if let Ok(Some(payload)) = outcome {
                prop_assert_eq!(encode_frame(&payload).expect("short"), &bytes[..used]);
            }
        }

        #[test]
        fn short_frames_with_noise_in_the_length_agree_too(length in 0..40u32, body in proptest::collection::vec(any::<u8>(), 0..40)) {
            let bytes = [&[VERSION], length.to_be_bytes().as_slice(), &body].concat();
            let (outcome, _) = read(&bytes);
            prop_assert_eq!(outcome.is_ok(), body.len() >= length as usize);
        }
    }
}
