//! What a URL says.

use std::{borrow::Cow, fmt::Display, str::FromStr};

use ashlar_proto::sequencer::v1 as pb;

use super::problem::Problem;

/// The parameters of a query, of which none is left unread.
pub(super) struct Query<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Query<'a> {
    /// # Errors
    /// A parameter that is not among `known`, or given twice.
    pub fn of(query: Option<&'a str>, known: &[&str]) -> Result<Self, Problem> {
        let pairs: Vec<_> = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).collect();
        for (place, (name, _)) in pairs.iter().enumerate() {
            if !known.contains(&name.as_ref()) {
                let known = match known {
                    [] => "none".to_owned(),
                    known => known.join(", "),
                };
                return Err(Problem::invalid(format!(
                    "{name}: no such parameter; there is {known}"
                )));
            }
            if pairs[..place].iter().any(|(before, _)| before == name) {
                return Err(Problem::invalid(format!("{name}: given twice")));
            }
        }
        Ok(Self(pairs))
    }

    /// Whether a parameter is given.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(of, _)| of == name)
    }

    /// Bytes in hexadecimal, if they are given.
    pub fn bytes(&self, name: &str) -> Result<Option<Vec<u8>>, Problem> {
        let found = self.0.iter().find(|(of, _)| of == name);
        found.map(|(_, value)| bytes(name, value)).transpose()
    }

    /// The value of a parameter, if it is given.
    pub fn get<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, Problem> {
        let found = self.0.iter().find(|(of, _)| of == name);
        found.map(|(_, value)| number(name, value)).transpose()
    }

    /// `BATCH.SLOT`.
    pub fn place(&self, name: &str) -> Result<Option<pb::Place>, Problem> {
        let Some((_, value)) = self.0.iter().find(|(of, _)| of == name) else {
            return Ok(None);
        };
        let (batch, slot) = value
            .split_once('.')
            .ok_or_else(|| Problem::invalid(format!("{name}: expected BATCH.SLOT, as in `next`")))?;
        Ok(Some(pb::Place {
            batch_number: number(name, batch)?,
            slot: number(name, slot)?,
        }))
    }
}

/// A number in a path or a query.
pub(super) fn number<T: FromStr<Err: Display>>(name: &str, text: &str) -> Result<T, Problem> {
    // `+1` would be a second way to write 1.
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Problem::invalid(format!("{name}: not a whole number")));
    }
    text.parse()
        .map_err(|error| Problem::invalid(format!("{name}: {error}")))
}

/// Bytes in hexadecimal, with `0x` before them.
pub(super) fn bytes(name: &str, text: &str) -> Result<Vec<u8>, Problem> {
    let digits = text
        .strip_prefix("0x")
        .ok_or_else(|| Problem::invalid(format!("{name}: hexadecimal begins with 0x")))?;
    hex::decode(digits).map_err(|error| Problem::invalid(format!("{name}: {error}")))
}
