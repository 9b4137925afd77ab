//! The file that `ashlar deploy` writes: which rollup this is. Sequencer and wallet read it.

use std::{fs, io::Write, path::Path};

use alloy::primitives::{Address, B256};
use anyhow::{Context, ensure};
use ashlar_contracts::DataMode;
use ashlar_statement::Domain;
use serde::{Deserialize, Serialize};

/// A deployed rollup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// L1 chain.
    pub chain_id: u64,
    /// The rollup contract.
    pub rollup: Address,
    /// The generated verifier that checks its proofs.
    pub verifier: Address,
    /// The router that names the verifier to it.
    pub router: Address,
    /// The contract that computes the roots of paths, for exits without a proof.
    pub path: Address,
    /// Seconds that an operation of L1's queue may wait unproven before anybody may enter exit mode.
    pub exit_deadline_secs: u64,
    /// Digest of the wrap verifying key that the verifier is for.
    pub verifier_digest: String,
    /// Digest of the circuits that the sequencer's farm must have.
    pub circuit_set: B256,
    /// Where its batches have their public data.
    pub data: DataMode,
    /// Who may commit and revert batches: a key's address, or a seat (`ashlar seat`).
    pub operator: Address,
    /// Whose key held the operator's seat at the deployment, if that is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<Address>,
    /// Who keeps a validium's rollup streams, ascending; nobody in any other mode.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub committee: Vec<Address>,
    /// State root before the first batch.
    pub genesis_root: B256,
    /// L1 address whose first account earns the fees: the operator's unless another was named.
    pub fee_owner: Address,
    /// No event of the rollup is in an earlier block.
    pub block: u64,
}

impl Deployment {
    /// Reads the file.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path)
            .with_context(|| format!("cannot read {}; `ashlar deploy` writes it", path.display()))?;
        toml::from_str(&text).with_context(|| {
            format!(
                "{} is no deployment of this version: what an earlier `ashlar deploy` wrote is for an earlier program",
                path.display()
            )
        })
    }

    /// Writes the file, which must not exist: a deployment that is lost costs another.
    pub fn store(&self, path: &Path) -> anyhow::Result<()> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        }
        let mut file =
            fs::File::create_new(path).with_context(|| format!("cannot create {}", path.display()))?;
        file.write_all(self.to_toml()?.as_bytes())
            .and_then(|()| file.sync_all())
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// As the file has it.
    pub fn to_toml(&self) -> anyhow::Result<String> {
        toml::to_string(self).context("the deployment as TOML")
    }

    /// What signatures are bound to.
    pub fn domain(&self) -> Domain {
        Domain {
            chain_id: self.chain_id,
            rollup: self.rollup.into_array(),
        }
    }

    /// Refuses a node or a sequencer of another chain or rollup.
    pub fn require(&self, who: &str, domain: &Domain) -> anyhow::Result<()> {
        let (chain_id, rollup) = (domain.chain_id, Address::from(domain.rollup));
        ensure!(
            chain_id == self.chain_id && rollup == self.rollup,
            "{who} has chain {chain_id} and rollup {rollup}, the deployment file names chain {} and rollup {}: correct the endpoint, or give the file of that rollup",
            self.chain_id,
            self.rollup
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment() -> Deployment {
        Deployment {
            chain_id: 31337,
            rollup: Address::repeat_byte(1),
            verifier: Address::repeat_byte(2),
            router: Address::repeat_byte(6),
            path: Address::repeat_byte(7),
            exit_deadline_secs: 3600,
            verifier_digest: "ab".repeat(16),
            circuit_set: B256::repeat_byte(3),
            data: DataMode::Validium,
            operator: Address::repeat_byte(8),
            holder: Some(Address::repeat_byte(9)),
            committee: [10, 11, 12, 13].map(Address::repeat_byte).to_vec(),
            genesis_root: B256::repeat_byte(4),
            fee_owner: Address::repeat_byte(5),
            block: 5,
        }
    }

    #[test]
    fn a_file_is_read_back_and_never_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("new").join("deployment.toml");
        deployment().store(&path).expect("writes");
        assert_eq!(Deployment::load(&path).expect("reads"), deployment());
        assert!(deployment().store(&path).is_err(), "overwritten");
        fs::write(&path, deployment().to_toml().expect("text") + "extra = 1\n").expect("writes");
        let error = Deployment::load(&path).expect_err("unknown key");
        assert!(format!("{error:#}").contains("extra"), "{error:#}");
    }

    #[test]
    fn a_file_without_a_data_mode_and_one_of_another_mode_are_refused() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("deployment.toml");
        let text = deployment().to_toml().expect("text");
        let line = "data = \"validium\"\n";
        assert!(text.contains(line), "{text}");
        for (instead, reason) in [
            ("", "missing field `data`"),
            (
                "data = \"blobs\"\n",
                "data mode `blobs` is not known here (known: calldata, blob, validium)",
            ),
        ] {
            fs::write(&path, text.replace(line, instead)).expect("writes");
            let error = format!("{:#}", Deployment::load(&path).expect_err("refused"));
            assert!(
                error.contains(reason) && error.contains("of this version"),
                "{error}"
            );
        }
    }

    #[test]
    fn another_chain_or_rollup_is_refused() {
        let same = Domain {
            chain_id: 31337,
            rollup: [1; 20],
        };
        deployment().require("the sequencer", &same).expect("the same");
        for other in [
            Domain { chain_id: 1, ..same },
            Domain {
                rollup: [9; 20],
                ..same
            },
        ] {
            let error = deployment()
                .require("the sequencer", &other)
                .expect_err("another");
            assert!(error.to_string().contains("the sequencer has chain"), "{error}");
        }
    }
}
