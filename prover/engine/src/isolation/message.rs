//! What the frames hold. A request is a compressed proof as the farm stores it; the rest is here.

use std::time::Duration;

use ashlar_kzg::MAX_SNARK_PROOF_BYTES;
use ashlar_report::{caught, chain};
use ashlar_statement::{LeafCircuits, ProveCircuit};
use serde::{Deserialize, Serialize};

use crate::{Engine, Found, JobKind, Proof, ProveError, WrapKit};

/// Starts a greeting.
const GREETING: &[u8] = b"ashlar wrap";
/// Asks what the child proves on. No proof is as short.
pub(super) const FIND: &[u8] = b"device";
/// Longest reason that travels.
const MAX_REASON_BYTES: usize = 4096;
/// Longest name of a backend or a device.
const MAX_NAME_BYTES: usize = 256;
/// Longest SNARK with its instances.
const MAX_SNARK_BYTES: usize = MAX_SNARK_PROOF_BYTES + 1024;

/// What a child says once it is ready: the wrap verifying key that it proves for. That key pins circuits and reference
/// string, so parent and child that agree on it agree on everything.
pub fn greeting(kit: &WrapKit) -> Vec<u8> {
    [GREETING, &kit.keys().verifier().digest()].concat()
}

/// What a request cost in the child.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// CPU time of all its threads.
    pub cpu: Duration,
    /// Time in calls of its device.
    pub device: Duration,
}

/// What a child says about one request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// Here is the proof.
    Wrapped {
        /// [`Proof::Snark`], encoded.
        snark: Vec<u8>,
        /// Why it was not made on the chosen backend.
        fallback: Option<String>,
        /// What it cost.
        cost: Cost,
    },
    /// To `FIND`.
    Found(Found),
    /// There is no proof.
    Refused {
        /// The error with its causes.
        reason: String,
    },
}

/// Why bytes are no answer.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// Not the encoding of one.
    #[error("malformed")]
    Malformed(#[source] postcard::Error),
    /// An answer to another question.
    #[error("not what was asked")]
    Unasked,
    /// Bytes after its end.
    #[error("{0} bytes after the end")]
    TrailingBytes(usize),
    /// A field is longer than the limit.
    #[error("{field} of {actual} bytes, at most {limit} allowed")]
    TooLong {
        /// Which.
        field: &'static str,
        /// Most bytes allowed.
        limit: usize,
        /// Given.
        actual: usize,
    },
    /// The SNARK in it is none.
    #[error("SNARK")]
    Snark(#[source] ashlar_kzg::DecodeError),
}

impl Answer {
    /// The answer as it travels; long reasons are cut.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut answer = self.clone();
        match &mut answer {
            Self::Wrapped { fallback, .. } => fallback.iter_mut().for_each(cut),
            Self::Refused { reason } => cut(reason),
            Self::Found(found) => found.fault.iter_mut().for_each(cut),
        }
        postcard::to_allocvec(&answer).expect("writing an answer to memory does not fail")
    }

    /// Inverse of [`Self::to_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AnswerError> {
        let (answer, rest): (Self, _) = postcard::take_from_bytes(bytes).map_err(AnswerError::Malformed)?;
        if !rest.is_empty() {
            return Err(AnswerError::TrailingBytes(rest.len()));
        }
        match &answer {
            Self::Wrapped { snark, fallback, .. } => {
                bounded("SNARK", snark.len(), MAX_SNARK_BYTES)?;
                bounded(
                    "reason",
                    fallback.as_ref().map_or(0, String::len),
                    MAX_REASON_BYTES,
                )?;
            }
            Self::Refused { reason } => bounded("reason", reason.len(), MAX_REASON_BYTES)?,
            Self::Found(Found {
                backend,
                device,
                fault,
            }) => {
                bounded("reason", fault.as_ref().map_or(0, String::len), MAX_REASON_BYTES)?;
                bounded("name", backend.len(), MAX_NAME_BYTES)?;
                bounded(
                    "name",
                    device.as_ref().map_or(0, |device| device.name.len()),
                    MAX_NAME_BYTES,
                )?;
            }
        }
        Ok(answer)
    }
}

fn bounded(field: &'static str, actual: usize, limit: usize) -> Result<(), AnswerError> {
    if actual > limit {
        return Err(AnswerError::TooLong { field, limit, actual });
    }
    Ok(())
}

fn cut(reason: &mut String) {
    reason.truncate(reason.floor_char_boundary(MAX_REASON_BYTES));
}

/// The child's work: one request to one answer. Never fails, so that the parent hears of every error in words.
pub fn answer<L: LeafCircuits, P: ProveCircuit>(engine: &Engine<L, P>, request: &[u8]) -> Answer {
    let refused = |reason: String| Answer::Refused { reason };
    if request == FIND {
        let kit = engine.wrap_kit().ok_or(ProveError::NoWrapKeys);
        return match kit.and_then(WrapKit::find) {
            Ok(found) => Answer::Found(found),
            Err(error) => refused(chain(&error)),
        };
    }
    let proof = match engine.decode_proof(JobKind::Compress, request) {
        Ok(Proof::Compressed(proof)) => proof,
        Ok(Proof::Span(_) | Proof::Snark(_)) => unreachable!("compress jobs give compressed proofs"),
        Err(error) => return refused(chain(&error)),
    };
    match caught(|| engine.wrap(&proof)) {
        Ok(Ok(proved)) => Answer::Wrapped {
            snark: Proof::Snark(proved.proof).to_bytes(),
            fallback: proved.fallback.map(|fallback| fallback.to_string()),
            cost: Cost {
                cpu: proved.steps.iter().map(|step| step.cpu).sum(),
                device: proved.steps.iter().map(|step| step.device).sum(),
            },
        },
        Ok(Err(error)) => refused(chain(&error)),
        Err(panic) => refused(format!("panicked: {panic}")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Device;

    fn answers() -> impl Strategy<Value = Answer> {
        let reason = || "\\PC{0,40}";
        prop_oneof![
            (
                proptest::collection::vec(any::<u8>(), 0..200),
                proptest::option::of(reason()),
                (0..1u64 << 40, 0..1u64 << 40),
            )
                .prop_map(|(snark, fallback, (cpu, device))| Answer::Wrapped {
                    snark,
                    fallback,
                    cost: Cost {
                        cpu: Duration::from_nanos(cpu),
                        device: Duration::from_nanos(device),
                    },
                }),
            reason().prop_map(|reason| Answer::Refused { reason }),
            proptest::option::of(reason()).prop_map(|fault| Answer::Found(Found {
                backend: "icicle".into(),
                device: fault.is_none().then(|| Device {
                    name: "a card".into(),
                    memory_total_bytes: 80 << 30,
                    memory_free_bytes: 79 << 30,
                    msm_scalars_per_second: 1.5e7,
                    ntt_elements_per_second: 2.5e8,
                }),
                fault,
            })),
        ]
    }

    #[test]
    fn long_reasons_are_cut_at_a_character() {
        let reason = "é".repeat(MAX_REASON_BYTES); // two bytes each
        let bytes = Answer::Refused { reason }.to_bytes();
        let Ok(Answer::Refused { reason }) = Answer::from_bytes(&bytes) else {
            panic!("own encoding")
        };
        assert_eq!(reason, "é".repeat(MAX_REASON_BYTES / 2));
    }

    #[test]
    fn oversized_fields_are_refused_by_name() {
        let encoded = |answer: &Answer| postcard::to_allocvec(answer).expect("memory");
        let reason = "x".repeat(MAX_REASON_BYTES + 1);
        let refused = Answer::Refused {
            reason: reason.clone(),
        };
        let fallback = Answer::Wrapped {
            snark: vec![],
            fallback: Some(reason),
            cost: Cost::default(),
        };
        let snark = Answer::Wrapped {
            snark: vec![0; MAX_SNARK_BYTES + 1],
            fallback: None,
            cost: Cost::default(),
        };
        for (answer, field) in [(refused, "reason"), (fallback, "reason"), (snark, "SNARK")] {
            let error = Answer::from_bytes(&encoded(&answer)).expect_err("too long");
            assert!(matches!(error, AnswerError::TooLong { field: found, .. } if found == field));
        }
    }

    proptest! {
        #[test]
        fn answers_round_trip_and_have_one_length(answer in answers(), extra in 1..9usize) {
            let mut bytes = answer.to_bytes();
            prop_assert_eq!(Answer::from_bytes(&bytes).expect("own encoding"), answer);
            for length in 0..bytes.len() {
                prop_assert!(Answer::from_bytes(&bytes[..length]).is_err());
            }
            bytes.resize(bytes.len() + extra, 0);
            prop_assert!(matches!(Answer::from_bytes(&bytes), Err(AnswerError::TrailingBytes(found)) if found == extra));
        }

        #[test]
        fn noise_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            if let Ok(answer) = Answer::from_bytes(&bytes) {
                prop_assert_eq!(Answer::from_bytes(&answer.to_bytes()).expect("own encoding"), answer);
            }
        }
    }
}
