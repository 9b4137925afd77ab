//! What a check found.

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// As it should be.
    Ok,
    /// Worth knowing; nothing to mend.
    Note,
    /// Works, but not as it could, or not for long.
    Warning,
    /// Something will not work.
    Failed,
}

/// The outcome of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was checked: `memory`, `disk`, `srs`, …
    pub check: &'static str,
    /// How bad it is.
    pub status: Status,
    /// What was found, with its numbers.
    pub fact: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Finding {
    /// Nothing to mend.
    pub fn ok(check: &'static str, fact: impl Into<String>) -> Self {
        Self {
            check,
            status: Status::Ok,
            fact: fact.into(),
            remedy: None,
        }
    }

    /// A finding with a remedy.
    pub fn new(
        check: &'static str,
        status: Status,
        fact: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            check,
            status,
            fact: fact.into(),
            remedy: Some(remedy.into()),
        }
    }

    /// One line, and a second one with the remedy.
    pub fn render(&self, color: bool) -> String {
        let (word, code) = match self.status {
            Status::Ok => ("ok", 32),
            Status::Note => ("note", 36),
            Status::Warning => ("warning", 33),
            Status::Failed => ("FAILED", 31),
        };
        let word = format!("{word:<8}");
        let word = if color {
            format!("\x1b[{code}m{word}\x1b[0m")
        } else {
            word
        };
        let line = format!("{word} {:<10} {}\n", self.check, self.fact);
        match &self.remedy {
            Some(remedy) => format!("{line}{:>20}{remedy}\n", "→ "),
            None => line,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remedy_stands_below_its_fact() {
        let finding = Finding::new("disk", Status::Failed, "full", "make room");
        assert_eq!(
            finding.render(false),
            "FAILED   disk       full\n                  → make room\n"
        );
        assert!(finding.render(true).starts_with("\x1b[31mFAILED"));
        assert_eq!(
            Finding::ok("disk", "empty").render(false),
            "ok       disk       empty\n"
        );
    }
}
