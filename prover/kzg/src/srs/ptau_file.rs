//! The container of a snarkjs `.ptau` file: `"ptau" ‖ version (u32) ‖ number of sections (u32)`, then per section
//! `kind (u32) ‖ length in bytes (u64) ‖ content`; integers little-endian. Files of real ceremonies have many gigabytes,
//! so only what is asked for is read.

use std::io::{self, Read, Seek, SeekFrom};

use super::PtauError;

const MAGIC: &[u8; 4] = b"ptau";
const VERSION: u32 = 1;
/// More sections than any version of the format has.
const MAX_SECTIONS: u32 = 64;

/// The sections read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Header = 1,
    TauG1 = 2,
    TauG2 = 3,
}

/// Where each section lies.
pub(super) struct PtauFile<R> {
    reader: R,
    /// `(kind, offset of the content, length)`.
    sections: Vec<(u32, u64, u64)>,
}

impl<R: Read + Seek> PtauFile<R> {
    pub(super) fn open(mut reader: R) -> Result<Self, PtauError> {
        let end = reader.seek(SeekFrom::End(0))?;
        reader.seek(SeekFrom::Start(0))?;
        let magic: [u8; 4] = read_array(&mut reader)?;
        if &magic != MAGIC {
            return Err(PtauError::Magic { found: magic });
        }
        let version = u32::from_le_bytes(read_array(&mut reader)?);
        if version != VERSION {
            return Err(PtauError::Version { found: version });
        }
        let count = u32::from_le_bytes(read_array(&mut reader)?);
        if count > MAX_SECTIONS {
            return Err(PtauError::SectionCount { found: count });
        }
        let mut sections: Vec<(u32, u64, u64)> = Vec::new();
        for _ in 0..count {
            let kind = u32::from_le_bytes(read_array(&mut reader)?);
            let length = u64::from_le_bytes(read_array(&mut reader)?);
            let start = reader.stream_position()?;
            let after = start.checked_add(length).filter(|after| *after <= end);
            let after = after.ok_or(PtauError::SectionBounds { section: kind })?;
            if sections.iter().any(|(other, ..)| *other == kind) {
                return Err(PtauError::DuplicateSection { section: kind });
            }
            sections.push((kind, start, length));
            reader.seek(SeekFrom::Start(after))?;
        }
        Ok(Self { reader, sections })
    }

    fn find(&self, section: Section) -> Result<(u64, u64), PtauError> {
        let found = self.sections.iter().find(|(kind, ..)| *kind == section as u32);
        let (_, start, length) = found.ok_or(PtauError::MissingSection {
            section: section as u32,
        })?;
        Ok((*start, *length))
    }

    /// Refuses a section of another length.
    pub(super) fn expect_length(&self, section: Section, expected: u64) -> Result<(), PtauError> {
        let (_, actual) = self.find(section)?;
        if actual != expected {
            return Err(PtauError::SectionLength {
                section: section as u32,
                expected,
                actual,
            });
        }
        Ok(())
    }

    /// The first `length` bytes of a section that is known to be long enough.
    pub(super) fn read(&mut self, section: Section, length: usize) -> Result<Vec<u8>, PtauError> {
        let (start, available) = self.find(section)?;
        if available < length as u64 {
            let (section, expected) = (section as u32, length as u64);
            return Err(PtauError::SectionLength {
                section,
                expected,
                actual: available,
            });
        }
        let mut bytes = vec![0; length];
        self.reader.seek(SeekFrom::Start(start))?;
        self.reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}

fn read_array<const N: usize>(reader: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}
