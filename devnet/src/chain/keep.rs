//! What makes the chain durable, and keeps quiet about what is not.

use super::Chain;
use crate::{
    error::{JournalError, RpcError},
    journal::Record,
};

impl Chain {
    /// Refuses everything where a change could not be kept: the state in memory has it, the file may not.
    pub(crate) fn require_kept(&self) -> Result<(), RpcError> {
        match &self.not_kept {
            Some(reason) => Err(RpcError::NotKept(reason.clone())),
            None => Ok(()),
        }
    }

    pub(super) fn record(&mut self, record: &Record) {
        if let Some(journal) = &mut self.journal
            && let Err(error) = journal.append(record)
        {
            self.not_kept = Some(error.to_string());
        }
    }

    /// Makes what was done durable, then tells whoever listens.
    pub(super) fn keep(&mut self) -> Result<(), JournalError> {
        if let Some(journal) = &mut self.journal {
            journal.sync().map_err(|source| JournalError::Io {
                path: journal.path().to_owned(),
                source,
            })?;
        }
        self.events.publish();
        Ok(())
    }

    /// [`Chain::keep`] for a request. Nothing is changed or told after a failure.
    pub(crate) fn flush(&mut self) -> Result<(), RpcError> {
        self.require_kept()?;
        if let Err(error) = self.keep() {
            let error = ashlar_report::chain(&error);
            tracing::error!(error, "cannot keep the chain");
            self.not_kept = Some(error);
        }
        self.require_kept()
    }

    /// From now on the chain is on a full disk.
    #[cfg(all(test, target_os = "linux"))]
    pub(crate) fn fill_disk(&mut self) {
        self.journal = Some(crate::journal::Journal::full());
    }

    /// Closes the file, so that another process may have it. Nothing changes after that.
    pub(crate) fn close(&mut self) {
        if self.journal.take().is_some() {
            self.not_kept = Some("the node has stopped".into());
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use crate::Config;

    #[test]
    fn a_change_that_cannot_be_kept_is_neither_answered_for_nor_told_and_is_the_last() {
        let mut chain = Chain::new(Config::default(), 1);
        chain.fill_disk();
        let first = chain.events().next();
        chain.mine_block();
        let error = chain.flush().unwrap_err();
        assert!(
            matches!(&error, RpcError::NotKept(reason) if reason.contains("/dev/full")),
            "{error}"
        );
        assert_eq!(chain.events().next(), first);
        assert!(chain.require_kept().is_err());
    }
}
