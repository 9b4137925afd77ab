//! `ashlar config`: the file that all processes read, checked and explained.

use std::path::PathBuf;

use anyhow::Context;

use crate::config::{ConfigFile, settings};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Check a configuration file: every section, every key, every value.
    Check {
        /// The file (default: the one of --config).
        file: Option<PathBuf>,
    },
    /// List every key with its environment variable and what it means.
    Keys {
        /// Of this section alone.
        section: Option<String>,
    },
}

pub fn run(command: Command, program: &clap::Command, config: Option<PathBuf>) -> anyhow::Result<()> {
    match command {
        Command::Check { file } => {
            let path = file
                .or(config)
                .context("name the file: `ashlar config check FILE`, or --config FILE")?;
            let file = ConfigFile::load(&path)?;
            let count = file.check(program)?;
            crate::say!("{}: {count} keys, all good", path.display())?;
        }
        Command::Keys { section } => {
            let settings = settings(program);
            if let Some(section) = &section
                && !settings.iter().any(|setting| &setting.section == section)
            {
                anyhow::bail!("there is no section [{section}]");
            }
            let mut last = "";
            for setting in settings
                .iter()
                .filter(|s| section.as_ref().is_none_or(|of| of == &s.section))
            {
                if last != setting.section {
                    crate::say!("[{}]", setting.section)?;
                    last = &setting.section;
                }
                crate::say!("{:<24} {}", setting.key, setting.variable)?;
                crate::say!("    {}", setting.help)?;
            }
        }
    }
    Ok(())
}
