//! Transforms on the card.

use std::{marker::PhantomData, sync::PoisonError};

use ashlar_icicle::{Batch, Slot, bn254, goldilocks};
use halo2curves::{bn256::Fr, ff::PrimeField};
use plonky2_field::goldilocks_field::GoldilocksField;

use super::{
    IcicleBackend,
    error::{Context, unavailable},
    held::{Held, Kept},
};
use crate::{
    AccelError, Direction, Ntt, NttField, Order, Transform,
    cpu::memory::InWords,
    field::canonical,
    ntt::{check_count, check_lengths},
};

/// A field whose transforms a card computes.
pub trait DeviceField: NttField {
    /// Words of an element on the card.
    const WORDS: usize;

    /// Largest transform of this build and these options, as log2.
    fn max_log_size(backend: &IcicleBackend) -> u32;

    /// Makes transforms of every size possible.
    fn prepare(backend: &IcicleBackend) -> Result<(), AccelError>;

    /// Writes a column as the card takes it.
    fn write(column: &[Self], words: &mut [u64]);

    /// Reads a column as the card leaves it.
    fn read(words: &[u64], column: &mut [Self]);

    /// Starts transforms from the slot's input to its output.
    fn start(slot: &mut Slot, batch: Batch, coset: Option<&Coset<Self>>) -> Result<(), ashlar_icicle::Error>;
}

/// Transforms of one size. The twiddles are the library's, on the card, for all sizes together.
#[derive(Debug)]
pub struct Domain<F> {
    log_size: u32,
    field: PhantomData<F>,
}

/// A shift and its inverse; the card computes their powers as it goes.
#[derive(Debug)]
pub struct Coset<F> {
    log_size: u32,
    shift: F,
    inverse: F,
}

impl DeviceField for Fr {
    const WORDS: usize = bn254::ELEMENT_WORDS;

    fn max_log_size(backend: &IcicleBackend) -> u32 {
        backend.options.max_log_size.min(bn254::MAX_LOG_SIZE)
    }

    fn prepare(backend: &IcicleBackend) -> Result<(), AccelError> {
        let mut roots = backend.roots.lock().unwrap_or_else(PoisonError::into_inner);
        if roots.is_some() {
            return Ok(());
        }
        // With our own kernels the whole family costs nothing, and two backends of one process then agree about it.
        let log_size = match ashlar_icicle::KERNELS {
            ashlar_icicle::Kernels::Sppark => bn254::MAX_LOG_SIZE,
            ashlar_icicle::Kernels::Library => Self::max_log_size(backend),
        };
        let bytes = bn254::domain_bytes(log_size);
        let reservation = backend.budget.reserve(bytes)?;
        bn254::initialize_domain(backend.device, canonical_limbs(&Fr::root(log_size)))
            .context("preparing roots", bytes)?;
        *roots = Some(reservation);
        Ok(())
    }

    fn write(column: &[Self], words: &mut [u64]) {
        words.copy_from_slice(Fr::slice_as_words(column).as_flattened());
    }

    fn read(words: &[u64], column: &mut [Self]) {
        Fr::slice_as_words_mut(column)
            .as_flattened_mut()
            .copy_from_slice(words);
    }

    fn start(slot: &mut Slot, batch: Batch, coset: Option<&Coset<Self>>) -> Result<(), ashlar_icicle::Error> {
        // The library inverts the shift itself.
        bn254::ntt(slot, batch, coset.map(|coset| canonical_limbs(&coset.shift)))
    }
}

impl DeviceField for GoldilocksField {
    const WORDS: usize = 1;

    fn max_log_size(_: &IcicleBackend) -> u32 {
        goldilocks::MAX_LOG_SIZE
    }

    fn prepare(_: &IcicleBackend) -> Result<(), AccelError> {
        if goldilocks::IS_COMPILED {
            return Ok(());
        }
        Err(unavailable(
            "ICICLE 1.3.0 has no Goldilocks: build with our own kernels (without ICICLE_BN254_LIB_DIR), or use the CPU",
        ))
    }

    fn write(column: &[Self], words: &mut [u64]) {
        for (word, &element) in words.iter_mut().zip(column) {
            *word = canonical(element); // plonky2 may store elements unreduced, the kernels do not expect them
        }
    }

    fn read(words: &[u64], column: &mut [Self]) {
        for (element, &word) in column.iter_mut().zip(words) {
            *element = Self(word);
        }
    }

    fn start(slot: &mut Slot, batch: Batch, coset: Option<&Coset<Self>>) -> Result<(), ashlar_icicle::Error> {
        let factor = coset.map_or(Self::NTT_ONE, |coset| match batch.direction {
            ashlar_icicle::Direction::Forward => coset.shift,
            ashlar_icicle::Direction::Inverse => coset.inverse,
        });
        goldilocks::ntt(slot, batch, canonical(factor))
    }
}

impl<F: DeviceField> Ntt<F> for IcicleBackend {
    type Domain = Domain<F>;
    type Coset = Coset<F>;
    type Held<'a>
        = Held<'a, F>
    where
        F: 'a;

    fn prepare_domain(&self, log_size: u32) -> Result<Domain<F>, AccelError> {
        let max_log_size = F::max_log_size(self);
        if log_size > max_log_size {
            return Err(AccelError::UnsupportedSize {
                operation: "ntt",
                size: 1usize.checked_shl(log_size).unwrap_or(usize::MAX),
                max: 1 << max_log_size,
            });
        }
        F::prepare(self)?;
        Ok(Domain {
            log_size,
            field: PhantomData,
        })
    }

    fn prepare_coset(&self, domain: &Domain<F>, shift: F) -> Result<Coset<F>, AccelError> {
        let inverse = shift
            .inverse()
            .ok_or_else(|| invalid("the shift of a coset is zero"))?;
        Ok(Coset {
            log_size: domain.log_size,
            shift,
            inverse,
        })
    }

    fn ntt_batch(
        &self,
        domain: &Domain<F>,
        transform: Transform<'_, Coset<F>>,
        columns: &mut [&mut [F]],
    ) -> Result<(), AccelError> {
        self.transform(domain, transform, columns, |_| Ok(Resident::Nothing))
    }

    fn ntt_hold<'a>(
        &self,
        domain: &Domain<F>,
        transform: Transform<'_, Coset<F>>,
        mut columns: Vec<&'a mut [F]>,
    ) -> Result<Held<'a, F>, AccelError> {
        let mut kept = None;
        self.transform(domain, transform, &mut columns, |words| {
            kept = Kept::allocate(self.device, &self.budget, words)?;
            Ok(kept.as_ref().map_or(Resident::Nothing, Resident::Results))
        })?;
        Ok(Held {
            columns: columns.into_iter().map(|column| &*column).collect(),
            kept,
        })
    }

    fn ntt_from(
        &self,
        domain: &Domain<F>,
        transform: Transform<'_, Coset<F>>,
        held: &Held<'_, F>,
        out: &mut [&mut [F]],
    ) -> Result<(), AccelError> {
        check_count(held.columns.len(), out.len())?;
        let size = 1 << domain.log_size;
        check_lengths(size, held.columns.iter().copied())?;
        check_lengths(size, out.iter().map(|column| &**column))?;
        if let Some(kept) = &held.kept {
            return self.transform(domain, transform, out, |_| Ok(Resident::Inputs(kept)));
        }
        for (out, column) in out.iter_mut().zip(&held.columns) {
            out.copy_from_slice(column);
        }
        self.ntt_batch(domain, transform, out)
    }
}

/// Which side of a transform is on the card besides the buffers.
enum Resident<'a> {
    /// None: inputs come from the columns.
    Nothing,
    /// Inputs, and the columns only take the results.
    Inputs(&'a Kept),
    /// Results, which go to the columns too.
    Results(&'a Kept),
}

impl IcicleBackend {
    /// Takes columns to the card and back as [`Ntt::ntt_batch`] does, unchanged: for measurements of what that costs.
    pub fn round_trip<F: DeviceField>(&self, columns: &mut [&mut [F]]) -> Result<(), AccelError> {
        let Some(size) = columns.first().map(|column| column.len()) else {
            return Ok(());
        };
        check_lengths(size, columns.iter().map(|column| &**column))?;
        let pass = |slot: &mut Slot, count| slot.pass(count * size * F::WORDS);
        self.through_the_card(columns, |_| 0, |_| Ok(Resident::Nothing), pass)
    }

    /// Transforms all columns. `resident` is asked once the buffers are there, with the words of all columns.
    fn transform<'k, F: DeviceField>(
        &self,
        domain: &Domain<F>,
        transform: Transform<'_, Coset<F>>,
        columns: &mut [&mut [F]],
        resident: impl FnOnce(usize) -> Result<Resident<'k>, AccelError>,
    ) -> Result<(), AccelError> {
        check_lengths(1 << domain.log_size, columns.iter().map(|column| &**column))?;
        if transform
            .coset
            .is_some_and(|coset| coset.log_size != domain.log_size)
        {
            return Err(invalid("the coset was prepared for another domain"));
        }
        let batch = |count| Batch {
            log_size: domain.log_size,
            count,
            direction: direction(transform.direction),
            order: order(transform.order),
        };
        let scratch = |count| bn254::ntt_scratch_bytes(&batch(count));
        let start = |slot: &mut Slot, count| F::start(slot, batch(count), transform.coset);
        self.through_the_card(columns, scratch, resident, start)
    }

    /// Takes columns of one length to the card and back, load by load; `start` starts what happens there to so many of
    /// them, and takes `scratch` bytes for it.
    fn through_the_card<'k, F: DeviceField>(
        &self,
        columns: &mut [&mut [F]],
        scratch: impl Fn(usize) -> u64,
        resident: impl FnOnce(usize) -> Result<Resident<'k>, AccelError>,
        start: impl Fn(&mut Slot, usize) -> Result<(), ashlar_icicle::Error>,
    ) -> Result<(), AccelError> {
        let words = columns.first().map_or(0, |column| column.len() * F::WORDS);
        if words == 0 {
            return Ok(());
        }
        let mut staging = self.staging.lock().unwrap_or_else(PoisonError::into_inner);
        let slots = staging.slots(words)?;
        let per_load = (slots[0].words() / words).min(columns.len().div_ceil(2)); // two loads can overlap, one cannot
        let scratch = 2 * scratch(per_load); // both slots may be at it
        let _reservation = self.budget.reserve(scratch)?;
        let resident = resident(words * columns.len())?;

        // Each slot takes a load, starts all that happens to it, and is asked for the result two loads later: meanwhile
        // the other slot's load is copied, transferred and computed.
        let mut under_way: [Option<&mut [&mut [F]]>; 2] = [None, None];
        for (i, load) in columns.chunks_mut(per_load).enumerate() {
            let slot = &mut slots[i % 2];
            if let Some(done) = under_way[i % 2].take() {
                collect(slot, words, done).context("ntt", scratch)?;
            }
            let (offset, total) = (i * per_load * words, load.len() * words);
            let mut start = || {
                match resident {
                    Resident::Inputs(kept) => slot.load(kept.memory(), offset, total)?,
                    Resident::Nothing | Resident::Results(_) => {
                        upload(slot, words, load)?;
                        self.traffic.sent(total);
                    }
                }
                start(slot, load.len())?;
                if let Resident::Results(kept) = resident {
                    slot.store(kept.memory(), offset, total)?;
                }
                slot.download(total)
            };
            start().context("ntt", scratch)?;
            self.traffic.fetched(total);
            under_way[i % 2] = Some(load);
        }
        for (slot, load) in slots.iter_mut().zip(under_way) {
            if let Some(load) = load {
                collect(slot, words, load).context("ntt", scratch)?;
            }
        }
        Ok(())
    }
}

fn upload<F: DeviceField>(
    slot: &mut Slot,
    words: usize,
    load: &[&mut [F]],
) -> Result<(), ashlar_icicle::Error> {
    let total = words * load.len();
    let staging = slot.staging(total)?;
    for (staging, column) in staging.chunks_exact_mut(words).zip(load) {
        F::write(column, staging);
    }
    slot.upload(total)
}

fn collect<F: DeviceField>(
    slot: &mut Slot,
    words: usize,
    load: &mut [&mut [F]],
) -> Result<(), ashlar_icicle::Error> {
    let result = slot.result(words * load.len())?;
    for (result, column) in result.chunks_exact(words).zip(load) {
        F::read(result, column);
    }
    Ok(())
}

fn direction(direction: Direction) -> ashlar_icicle::Direction {
    match direction {
        Direction::Forward => ashlar_icicle::Direction::Forward,
        Direction::Inverse => ashlar_icicle::Direction::Inverse,
    }
}

fn order(order: Order) -> ashlar_icicle::Order {
    match order {
        Order::NaturalToNatural => ashlar_icicle::Order::NaturalToNatural,
        Order::NaturalToReversed => ashlar_icicle::Order::NaturalToReversed,
        Order::ReversedToNatural => ashlar_icicle::Order::ReversedToNatural,
    }
}

fn invalid(reason: &'static str) -> AccelError {
    AccelError::InvalidInput {
        operation: "ntt",
        reason,
    }
}

/// The integer below the modulus, least significant limb first.
fn canonical_limbs(value: &Fr) -> [u64; bn254::ELEMENT_WORDS] {
    let bytes = value.to_repr();
    std::array::from_fn(|i| u64::from_le_bytes(std::array::from_fn(|j| bytes[8 * i + j])))
}
