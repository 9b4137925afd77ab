//! One TOML file for all processes. Its keys are the flags of the commands: section `[sequencer]`, key `max_age_secs`
//! is `ashlar sequencer --max-age-secs`, and the variable ASHLAR_SEQUENCER_MAX_AGE_SECS. `[common]` holds what several
//! commands share. A flag goes before a variable, a variable before the file, the file before the default.
//!
//! Nothing here knows a key: they are taken from the commands' own definitions, so that none can be forgotten.

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};
use clap::{Arg, ArgAction, Command, error::ErrorKind};
use toml::{Table, Value};

/// The section of what several commands share.
const COMMON: &str = "common";
/// Flags that mean the same wherever they are: their variable names no command.
const SHARED: [&str; 9] = [
    "cache_dir",
    "da_member",
    "deployment",
    "farm",
    "farm_tls",
    "l1_beacon",
    "l1_rpc",
    "production",
    "sequencer",
];
/// Names the file itself.
const VARIABLE: &str = "ASHLAR_CONFIG";

/// Something that can be set.
#[derive(Debug)]
pub struct Setting {
    /// Section of the file: the command.
    pub section: String,
    /// Key in that section.
    pub key: String,
    /// Environment variable.
    pub variable: String,
    /// First sentence of its help.
    pub help: String,
    id: String,
    is_list: bool,
}

fn is_secret(key: &str) -> bool {
    key.ends_with("_key")
}

fn setting(section: &str, arg: &Arg) -> Option<Setting> {
    let key = arg.get_long()?.replace('-', "_");
    let is_setting = !matches!(key.as_str(), "help" | "version" | "config") && !is_secret(&key);
    if !is_setting || arg.is_hide_set() {
        return None;
    }
    let upper = key.to_uppercase();
    let variable = match arg.get_env() {
        Some(variable) => variable.to_string_lossy().into_owned(),
        None if SHARED.contains(&key.as_str()) => format!("ASHLAR_{upper}"),
        None => format!("ASHLAR_{}_{upper}", section.to_uppercase().replace('-', "_")),
    };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    Some(Setting {
        section: section.to_owned(),
        key,
        variable,
        help: help
            .split_once(". ")
            .map_or(help.clone(), |(first, _)| first.to_owned()),
        id: arg.get_id().to_string(),
        is_list: matches!(arg.get_action(), ArgAction::Append),
    })
}

/// All settings of all commands.
pub fn settings(program: &Command) -> Vec<Setting> {
    let commands = program.get_subcommands().filter(|command| !command.is_hide_set());
    commands
        .flat_map(|command| {
            command
                .get_arguments()
                .filter_map(|arg| setting(command.get_name(), arg))
        })
        .collect()
}

/// A configuration file.
#[derive(Debug)]
pub struct ConfigFile {
    path: PathBuf,
    table: Table,
}

impl ConfigFile {
    /// Reads a file; its keys are not checked yet.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let table = text
            .parse()
            .with_context(|| format!("{} is not TOML", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            table,
        })
    }

    fn wrong(&self, text: String) -> anyhow::Error {
        anyhow::anyhow!("{}: {text}", self.path.display())
    }

    /// Refuses sections and keys that no command has.
    fn require_known(&self, settings: &[Setting]) -> anyhow::Result<()> {
        let mut sections: Vec<&str> = settings.iter().map(|setting| setting.section.as_str()).collect();
        sections.push(COMMON);
        sections.dedup();
        for (section, keys) in &self.table {
            let Value::Table(keys) = keys else {
                return Err(self.wrong(format!(
                    "`{section}` stands in no section; did you mean [common]?"
                )));
            };
            if !sections.contains(&section.as_str()) {
                return Err(self.wrong(format!(
                    "there is no section [{section}]; the nearest is [{}]",
                    nearest(section, &sections)
                )));
            }
            let known: Vec<&str> = settings
                .iter()
                .filter(|of| {
                    &of.section == section || (section == COMMON && SHARED.contains(&of.key.as_str()))
                })
                .map(|setting| setting.key.as_str())
                .collect();
            for key in keys.keys() {
                if is_secret(key) {
                    return Err(self.wrong(format!(
                        "[{section}] {key}: a secret does not belong here; name its file in {key}_file"
                    )));
                }
                if !known.contains(&key.as_str()) {
                    return Err(self.wrong(format!(
                        "[{section}] has no key `{key}`; the nearest is `{}`",
                        nearest(key, &known)
                    )));
                }
            }
        }
        Ok(())
    }

    /// What the file says about a setting.
    fn values(&self, setting: &Setting) -> anyhow::Result<Option<Vec<String>>> {
        let of = |section: &str| self.table.get(section).and_then(|keys| keys.get(&setting.key));
        let common = || {
            SHARED
                .contains(&setting.key.as_str())
                .then(|| of(COMMON))
                .flatten()
        };
        let own = of(&setting.section);
        let Some(value) = own.or_else(common) else {
            return Ok(None);
        };
        let scalar = |value: &Value| match value {
            Value::String(text) => Ok(text.clone()),
            Value::Integer(number) => Ok(number.to_string()),
            Value::Float(number) => Ok(number.to_string()),
            Value::Boolean(flag) => Ok(flag.to_string()),
            Value::Array(_) | Value::Table(_) | Value::Datetime(_) => Err(self.wrong(format!(
                "[{}] {}: not a single value",
                setting.section, setting.key
            ))),
        };
        match value {
            Value::Array(values) if setting.is_list => {
                values.iter().map(scalar).collect::<Result<_, _>>().map(Some)
            }
            // Commands that take one of what several share take the first: one L1 node of the sequencer's many.
            Value::Array(values) if own.is_none() && !values.is_empty() => {
                Ok(Some(vec![scalar(&values[0])?]))
            }
            value => Ok(Some(vec![scalar(value)?])),
        }
    }

    /// Checks all of the file; gives the number of keys.
    pub fn check(&self, program: &Command) -> anyhow::Result<usize> {
        let program = apply(program.clone(), Some(self))?;
        let mut sections: Vec<String> = settings(&program)
            .into_iter()
            .map(|setting| setting.section)
            .collect();
        sections.dedup();
        for section in self.table.keys() {
            let commands: Vec<&String> = if section == COMMON {
                sections.iter().collect()
            } else {
                vec![section]
            };
            for command in commands {
                // What the command line must add is not the file's fault; values are judged before that.
                let Err(error) = program.clone().try_get_matches_from(["ashlar", command]) else {
                    continue;
                };
                if matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation) {
                    let text = error.to_string();
                    let first = text
                        .lines()
                        .next()
                        .unwrap_or_default()
                        .trim_start_matches("error: ");
                    return Err(self.wrong(format!("[{section}] {first}")));
                }
            }
        }
        Ok(self
            .table
            .values()
            .filter_map(Value::as_table)
            .map(Table::len)
            .sum())
    }
}

fn nearest<'a>(name: &str, known: &[&'a str]) -> &'a str {
    let distance = |of: &&&str| strsim::damerau_levenshtein(name, of);
    known.iter().min_by_key(distance).copied().unwrap_or("none")
}

/// Lives as long as the program: clap keeps names and defaults as static text.
fn forever(text: String) -> &'static str {
    text.leak()
}

/// Gives every setting its variable, and the file's value as its default.
pub fn apply(program: Command, file: Option<&ConfigFile>) -> anyhow::Result<Command> {
    let settings = settings(&program);
    if let Some(file) = file {
        file.require_known(&settings)?;
    }
    let mut program = program;
    for setting in settings {
        let values = file.map(|file| file.values(&setting)).transpose()?.flatten();
        let Setting {
            section,
            id,
            variable,
            ..
        } = setting;
        program = program.mut_subcommand(section, |command| {
            command.mut_arg(id, |arg| {
                let arg = if arg.get_env().is_some() {
                    arg
                } else {
                    arg.env(forever(variable)).hide_env(true)
                };
                match values {
                    Some(values) => arg
                        .required(false)
                        .default_values(values.into_iter().map(forever)),
                    None => arg,
                }
            })
        });
    }
    Ok(program)
}

/// The file that the command line or the environment names.
pub fn path(arguments: &[OsString]) -> anyhow::Result<Option<PathBuf>> {
    let mut arguments = arguments.iter().skip(1);
    while let Some(argument) = arguments.next() {
        let Some(text) = argument.to_str() else { continue };
        if text == "--" {
            break;
        }
        if text == "--config" {
            let Some(path) = arguments.next() else {
                bail!("--config needs a file");
            };
            return Ok(Some(path.into()));
        }
        if let Some(path) = text.strip_prefix("--config=") {
            ensure!(!path.is_empty(), "--config needs a file");
            return Ok(Some(path.into()));
        }
    }
    Ok(std::env::var_os(VARIABLE)
        .filter(|path| !path.is_empty())
        .map(PathBuf::from))
}

#[cfg(test)]
#[path = "config_tests.rs"]
mod tests;
