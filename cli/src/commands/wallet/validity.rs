//! Times and how long something holds, as they are written on the command line.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, ensure};
use ashlar_client::{Validity, minute};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// How long something holds.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct Ends {
    /// Holds so long from now, to the end of the minute: 30m, 12h or 7d. After that no batch takes it. [default: no end]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    valid_for: Option<Duration>,
    /// The same to the end of the minute of a time, such as 2027-01-31T12:00:00Z (RFC 3339).
    #[arg(long, value_name = "TIME", value_parser = minute_of, conflicts_with = "valid_for")]
    until: Option<u32>,
}

impl Ends {
    pub fn validity(&self) -> Validity {
        match (self.valid_for, self.until) {
            (_, Some(minute)) => Validity::Until(minute),
            (Some(length), None) => Validity::For(length),
            (None, None) => Validity::Unlimited,
        }
    }

    /// The last minute since 1970 of what begins now.
    pub fn last_minute(&self) -> u32 {
        self.validity().last_minute(SystemTime::now())
    }
}

/// Reads a number with a unit.
fn duration(text: &str) -> anyhow::Result<Duration> {
    let wrong = || format!("`{text}` is no duration: write a number and m, h or d, such as 30m");
    let (digits, unit) = text
        .split_at_checked(text.len().saturating_sub(1))
        .with_context(wrong)?;
    let secs: u64 = match unit {
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => anyhow::bail!(wrong()),
    };
    let number: u32 = digits.parse().with_context(wrong)?;
    ensure!(number > 0, "a duration of zero");
    Ok(Duration::from_secs(secs * u64::from(number)))
}

/// Reads the minute that a time is in.
pub fn minute_of(text: &str) -> anyhow::Result<u32> {
    let time = OffsetDateTime::parse(text, &Rfc3339);
    let time = time.with_context(|| format!("`{text}` is no time: write it as 2027-01-31T12:00:00Z"))?;
    let secs = u64::try_from(time.unix_timestamp()).context("before 1970")?;
    Ok(minute(UNIX_EPOCH + Duration::from_secs(secs)))
}

/// A minute since 1970 as its time.
pub fn time_text(minute: u32) -> String {
    let time = OffsetDateTime::from_unix_timestamp(i64::from(minute) * 60).ok();
    let text = time.and_then(|time| time.format(&Rfc3339).ok());
    text.unwrap_or_else(|| format!("minute {minute} since 1970"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        let secs = |text| duration(text).expect(text).as_secs();
        assert_eq!([secs("1m"), secs("12h"), secs("7d")], [60, 43_200, 604_800]);
        for wrong in ["", "m", "30", "30s", "-1m", "0m", "1.5h", "5 d", "1ä"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_time_is_the_minute_that_it_is_in() {
        for (text, minute) in [
            ("1970-01-01T00:00:59Z", 0),
            ("1970-01-02T01:01:00+01:00", 1_441),
            ("2027-01-31T12:00:00Z", 30_023_280),
        ] {
            assert_eq!(minute_of(text).expect(text), minute);
        }
        assert_eq!(time_text(1_441), "1970-01-02T00:01:00Z");
        for wrong in ["2027-01-31", "tomorrow", "1969-12-31T23:59:00Z"] {
            assert!(minute_of(wrong).is_err(), "{wrong}");
        }
    }
}
